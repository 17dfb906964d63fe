package io.marchproxy.l3l4.engine.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.HttpServers;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each way to ask a backend, by real sockets. */
@Timeout(60)
class ProbesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    /** A spurious wake-up of a thread that is parked has not been seen, and would be tried again by the next probe. */
    private static final Duration THOUGHT = Duration.ofMillis(30);

    private final ConcurrentHashMap<Integer, Double> losses = new ConcurrentHashMap<>();

    /** By backend: how much longer than the path alone a probe took. */
    private final ConcurrentHashMap<Integer, Long> answersNs = new ConcurrentHashMap<>();

    private final HealthMonitor monitor = new HealthMonitor(
            new HealthMonitor.Listener() {
                @Override
                public void flipped(ProbeTarget target, boolean usable) {}

                @Override
                public void measured(ProbeTarget target, long pathNs, double loss) {
                    losses.put(target.backend(), loss);
                    HealthMonitor.Health shown = shown(target.backend());
                    if (pathNs > 0 && shown != null) {
                        answersNs.put(target.backend(), shown.rttNs() - pathNs);
                    }
                }
            },
            BackendTraffic.NONE,
            7);
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        monitor.close();
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PONG, healthy",
        "WRONG, probe: the connection was closed before the expected answer",
        "SILENCE, no expected answer in time"
    })
    void shouldAskByTcpAndLookAtTheAnswer(String answer, String found) throws Exception {
        ServerSocket server = streams(request -> request.startsWith("PING\r\n") ? answer : "");
        watch(address(server), Probe.TCP, Targets.question("PING\r\n", "PONG"), "SILENCE".equals(answer));
        assertFound(found);
    }

    @Test
    void shouldFindNobodyAtAPort() throws Exception {
        watch(new InetSocketAddress(LOOPBACK, Ports.free()), Probe.TCP, Targets.question("", "220"), false);
        assertFound("probe: connection refused");
    }

    @ParameterizedTest
    @CsvSource({
        "/ok, '', healthy",
        "/ok, all is well, healthy",
        "/ok, quite something else, probe: the body is not the expected one",
        "/gone, '', probe: HTTP status 404",
        "/moved, '', healthy",
        "/broken, '', probe: HTTP status 500",
        "/endless, no such thing, probe: the body is not the expected one"
    })
    void shouldAskByHttpForStatusAndBody(String path, String expect, String found) throws Exception {
        HttpServer server = HttpServers.plain();
        serve(server);
        watch(server.getAddress(), Probe.HTTP, Targets.http(path, expect, true), false);
        assertFound(found);
    }

    @Test
    void shouldNotTakeForHttpWhatIsNone() throws Exception {
        ServerSocket server = streams(request -> "SSH-2.0-OpenSSH_9.2\r\n\r\n");
        watch(address(server), Probe.HTTP, Question.NONE, false);
        assertFound("probe: the answer is no HTTP");
    }

    @ParameterizedTest
    @CsvSource({"false, healthy", "true, probe: TLS: "})
    void shouldAskByTlsAndCheckTheCertificateUnlessToldNotTo(boolean verify, String found, @TempDir Path folder)
            throws Exception {
        HttpsServer server = HttpServers.overTls();
        server.setHttpsConfigurator(new HttpsConfigurator(selfSigned(folder)));
        serve(server);
        watch(server.getAddress(), Probe.HTTPS, Targets.http("/ok", "all is well", verify), false);
        assertFound(found);
    }

    @Test
    void shouldTellThatAServerSpeaksNoTls() throws Exception {
        ServerSocket server = streams(hello -> "HTTP/1.1 400 Bad Request\r\n\r\n");
        watch(address(server), Probe.HTTPS, Targets.http("/ok", "", false), false);
        assertFound("probe: the answer is no TLS");
    }

    @ParameterizedTest
    @CsvSource({
        "answer, '', healthy",
        "answer, ans, healthy",
        "answer, question, probe: the answer is not the expected one",
        "SILENCE, '', no answer in time"
    })
    void shouldAskByUdpAndLookAtTheAnswer(String answer, String expect, String found) throws Exception {
        DatagramSocket server = new DatagramSocket(0, LOOPBACK);
        open.add(server);
        Thread.startVirtualThread(() -> answer(server, answer));
        InetSocketAddress address = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        watch(address, Probe.UDP, Targets.question("hello", expect), "SILENCE".equals(answer));
        assertFound(found);
    }

    @Test
    void shouldHearThatNobodyIsAtAUdpPort() throws Exception {
        watch(new InetSocketAddress(LOOPBACK, Ports.free()), Probe.UDP, Targets.question("hello", ""), false);
        assertFound("probe: port unreachable");
    }

    /** Where the kernel's range of groups leaves this process out, nothing is known, and so nobody is blamed. */
    @Test
    void shouldPingTheHostOrBlameNobodyWhereThatIsNotAllowed() throws Exception {
        monitor.watch(List.of(
                Targets.of(0, new InetSocketAddress(LOOPBACK, 9), Probe.ICMP),
                Targets.of(1, new InetSocketAddress(LOOPBACK, 9), Probe.UDP, Targets.question("x", ""))));
        Await.until("the other backend is probed", PATIENCE, () -> {
            HealthMonitor.Health other = monitor.health(1);
            return other != null && !other.healthy();
        });
        String refusal = PingProber.refusal();
        if (refusal.isEmpty()) {
            Await.until("echoes come back", PATIENCE, () -> found(0).rttNs() > 0);
        } else {
            assertTrue(refusal.contains("net.ipv4.ping_group_range"), refusal);
            assertEquals(0, found(0).probes());
        }
        assertTrue(found(0).healthy());
    }

    @Test
    void shouldProbeThousandsOfBackendsByOneThread() throws Exception {
        int many = 3_000;
        ServerSocket server = new ServerSocket(0, 4_096, LOOPBACK);
        open.add(server);
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    server.accept().close();
                }
            } catch (IOException _) {
                // Closed at the end of the test.
            }
        });
        List<ProbeTarget> targets = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            targets.add(Targets.of(i, address(server), Targets.everySecond()));
        }
        monitor.watch(targets);
        Await.until("each was probed twice", PATIENCE, () -> {
            for (int i = 0; i < many; i++) {
                HealthMonitor.Health health = monitor.health(i);
                if (health == null || health.probes() < 2) {
                    return false;
                }
            }
            return true;
        });
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("health"))
                .count();
        assertTrue(threads <= 2, "threads of this monitor, and perhaps of one that is ending: " + threads);
        assertEquals(many, losses.size(), "each was told of");
    }

    /** How long a process takes to answer is shown; routes go by what can be compared with a client's connect. */
    @ParameterizedTest
    @CsvSource({"TCP, true", "HTTP, true", "UDP, false"})
    void shouldTellOfThePathAloneHoweverLongTheAnswerTakes(Probe protocol, boolean isLess) throws Exception {
        InetSocketAddress address;
        if (protocol == Probe.UDP) {
            DatagramSocket server = new DatagramSocket(0, LOOPBACK);
            open.add(server);
            Thread.startVirtualThread(() -> answer(server, "PONG"));
            address = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        } else {
            address = address(streams(request -> {
                LockSupport.parkNanos(THOUGHT.toNanos());
                return protocol == Probe.TCP ? "PONG" : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPONG";
            }));
        }
        Question question = protocol == Probe.HTTP ? Targets.http("/", "PONG", true) : Targets.question("PING", "PONG");
        watch(address, protocol, question, false);
        Await.until("a probe was answered, and told of", PATIENCE, () -> answersNs.containsKey(0));

        long answerNs = answersNs.get(0);

        assertTrue(isLess ? answerNs >= THOUGHT.toNanos() : answerNs == 0, "the answer alone: " + answerNs + " ns");
    }

    private HealthMonitor.@Nullable Health shown(int backend) {
        return monitor.health(backend);
    }

    private void watch(InetSocketAddress address, Probe protocol, Question question, boolean hasToTimeOut) {
        Duration timeout = hasToTimeOut ? Duration.ofMillis(100) : Duration.ofSeconds(20);
        monitor.watch(List.of(Targets.of(0, address, Targets.settings(protocol, question, timeout))));
    }

    private HealthMonitor.Health found(int backend) {
        HealthMonitor.Health health = monitor.health(backend);
        assertNotNull(health);
        return health;
    }

    private void assertFound(String found) {
        HealthMonitor.Health health = Await.value(
                "probes tell",
                PATIENCE,
                () -> monitor.health(0),
                now -> now != null && (found.equals("healthy") ? now.probes() >= 3 : !now.healthy()));
        if (found.equals("healthy")) {
            assertEquals(0, health.probesFailed(), health::toString);
            assertTrue(health.rttNs() > 0, health::toString);
        } else {
            assertTrue(health.lastError().startsWith(found), health::toString);
        }
    }

    private ServerSocket streams(UnaryOperator<String> answers) throws IOException {
        ServerSocket server = new ServerSocket(0, 50, LOOPBACK);
        open.add(server);
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    Socket client = server.accept();
                    Thread.startVirtualThread(() -> answer(client, answers));
                }
            } catch (IOException _) {
                // Closed at the end of the test.
            }
        });
        return server;
    }

    private static void answer(Socket client, UnaryOperator<String> answers) {
        try (client) {
            byte[] bytes = new byte[1024];
            int count = client.getInputStream().read(bytes);
            String answer = answers.apply(new String(bytes, 0, Math.max(0, count), ISO_8859_1));
            if (answer.equals("SILENCE")) {
                client.getInputStream().read();
                return;
            }
            client.getOutputStream().write(answer.getBytes(ISO_8859_1));
        } catch (IOException _) {
            // A probe that was over.
        }
    }

    private static void answer(DatagramSocket server, String answer) {
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(new byte[64], 64);
                server.receive(packet);
                if (!answer.equals("SILENCE")) {
                    packet.setData(answer.getBytes(ISO_8859_1));
                    server.send(packet);
                }
            }
        } catch (IOException _) {
            // Closed at the end of the test.
        }
    }

    private void serve(HttpServer server) {
        open.add(() -> server.stop(0));
        page(server, "/ok", 200, "so far all is well here");
        page(server, "/gone", 404, "");
        page(server, "/moved", 302, "");
        page(server, "/broken", 500, "all is well");
        page(server, "/endless", 200, "x".repeat(1_000_000));
        server.start();
    }

    private static void page(HttpServer server, String path, int status, String body) {
        server.createContext(path, exchange -> {
            try (exchange) {
                byte[] bytes = body.getBytes(ISO_8859_1);
                exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
            } catch (IOException _) {
                // The probe had seen enough.
            }
        });
    }

    private static SSLContext selfSigned(Path folder) throws Exception {
        Path store = folder.resolve("keys.p12");
        RealProgram.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "test",
                        "-dname",
                        "CN=backend.example",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "of-this-test")
                .runOrFail();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        char[] password = "of-this-test".toCharArray();
        try (var in = Files.newInputStream(store)) {
            keys.load(in, password);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    private static InetSocketAddress address(ServerSocket server) {
        return new InetSocketAddress(LOOPBACK, server.getLocalPort());
    }
}
