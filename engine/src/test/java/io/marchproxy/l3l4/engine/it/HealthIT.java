package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Nginx;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.ProxyStatus;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import io.marchproxy.l3l4.engine.testing.Together;
import io.marchproxy.l3l4.engine.testing.UdpBackend;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What takes backends out besides their death, and what becomes of their connections. */
class HealthIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** How long to wait for an answer that may never come. */
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static final String HALF = "GET / HTTP/1.0\r\n";
    private static final String OTHER_HALF = "\r\n";
    private static final String REQUEST = HALF + OTHER_HALF;

    @Test
    @RequiresProgram("nginx")
    void shouldTellAFrozenProcessByItsTrafficAndTryItAgainLater() {
        try (Nginx freezing = Nginx.answering("hello");
                Nginx other = Nginx.answering("hello");
                ProxyProcess proxy = ProxyProcess.with(two("tcp", freezing.port(), other.port(), ""))
                        .start()) {
            InetSocketAddress address = proxy.tcp("web");
            for (int i = 0; i < 60; i++) {
                assertTrue(served(address, PATIENCE), "both are well");
            }
            JsonNode before = proxy.status().backend("one");
            freezing.freeze();
            AtomicInteger inARow = new AtomicInteger();
            Together.run(8, PATIENCE, i -> {
                while (inARow.get() < 100) {
                    if (served(address, SHORT)) {
                        inARow.incrementAndGet();
                    } else {
                        inARow.set(0);
                    }
                }
            });
            // With traffic that goes on, for it is tried again after a while, and then shows that it is silent still.
            ProxyStatus status = Await.value(
                    "it is out for its silence, the other is not out",
                    PATIENCE,
                    () -> {
                        served(address, SHORT);
                        return proxy.status();
                    },
                    now -> now.backend("one").path("state").asText().equals("silent")
                            && now.backend("two").path("healthy").asBoolean());
            JsonNode silent = status.backend("one");
            assertTrue(silent.path("last_error").asText().startsWith("no answer to traffic for"), silent::toString);
            long probes = silent.path("probes").asLong() - before.path("probes").asLong();
            long failed = silent.path("probes_failed").asLong()
                    - before.path("probes_failed").asLong();
            assertTrue(2 * failed <= probes, () -> "its kernel accepts what probes connect: " + silent);

            freezing.thaw();
            Await.until(
                    "it is tried again, and answers",
                    PATIENCE,
                    () -> proxy.status().backend("one").path("healthy").asBoolean() && served(address, SHORT));
        }
    }

    @Test
    @RequiresProgram("nginx")
    void shouldTellAFrozenProcessByAProbeThatWantsAnAnswerWithoutAnyTraffic() {
        try (Nginx freezing = Nginx.answering("hello");
                Nginx other = Nginx.answering("hello");
                ProxyProcess proxy = ProxyProcess.with(two(
                                "tcp",
                                freezing.port(),
                                other.port(),
                                "health: { protocol: http, status: 200, expect: hello }"))
                        .start()) {
            awaitHealthy(proxy, "one", true);
            freezing.freeze();
            awaitHealthy(proxy, "one", false);
            // The first probe that fails may be one that was under way when it froze.
            Await.value(
                    "why is told",
                    PATIENCE,
                    () -> proxy.status().backend("one").path("last_error").asText(),
                    "no answer to the HTTP request in time"::equals);
            freezing.thaw();
            awaitHealthy(proxy, "one", true);
        }
    }

    @Test
    void shouldMoveUdpSessionsAwayFromABackendThatStoppedAnswering() throws Exception {
        AtomicBoolean mute = new AtomicBoolean();
        try (DatagramSocket stopping = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                UdpBackend other = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(two("udp", stopping.getLocalPort(), other.port(), ""))
                        .start();
                DatagramSocket client = new DatagramSocket()) {
            Thread.ofPlatform().daemon().start(() -> echo(stopping, mute));
            client.connect(proxy.udp("web"));
            client.setSoTimeout(20);
            Await.until(
                    "answers are usual",
                    PATIENCE,
                    () -> echoes(client)
                            && proxy.status()
                                            .backend("one")
                                            .path("bytes_to_client")
                                            .asLong()
                                    > 600);
            mute.set(true);
            Await.until(
                    "its datagrams are answered by the other",
                    PATIENCE,
                    () -> echoes(client)
                            && proxy.status()
                                            .backend("two")
                                            .path("bytes_to_client")
                                            .asLong()
                                    > 0);
            JsonNode state = proxy.status().backend("one");
            assertEquals("silent", state.path("state").asText());
            assertEquals(0, state.path("connect_errors").asLong(), "nothing was refused");
        }
    }

    private static void echo(DatagramSocket socket, AtomicBoolean mute) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[64], 64);
            while (true) {
                socket.receive(packet);
                if (!mute.get()) {
                    socket.send(packet);
                }
            }
        } catch (IOException _) {
            // Closed at the end of the test.
        }
    }

    @Test
    void shouldTakeOutABackendThatResetsItsConnections() throws Exception {
        try (TcpBackend resetting = TcpBackend.serving(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), HealthIT::reset);
                TcpBackend other = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                two("tcp", resetting.port(), other.port(), "health: { eject-for: 1m }"))
                        .start()) {
            InetSocketAddress address = proxy.tcp("web");
            // Many at a time: a few that are far apart, as on a busy machine, are none to be taken out for.
            Await.until("it is out", PATIENCE, () -> {
                for (int i = 0; i < 20; i++) {
                    echoes(address);
                }
                return proxy.status().backend("one").path("state").asText().equals("reset");
            });
            long before = resetting.accepted();
            awaitTheOtherServes(proxy, "one");
            assertEquals(
                    1,
                    proxy.status()
                            .backend("one")
                            .path("ejections")
                            .path("reset")
                            .asLong());
            Await.until("probes still connect", PATIENCE, () -> resetting.accepted() > before);
        }
    }

    @Test
    void shouldDrainABackendByCommandAndLeaveItsConnections() throws Exception {
        try (TcpBackend one = TcpBackend.echo();
                TcpBackend two = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(two("tcp", one.port(), two.port(), ""))
                        .start();
                Socket first = connect(proxy.tcp("web"));
                Socket second = connect(proxy.tcp("web"))) {
            assertEcho(first, 1);
            assertEcho(second, 2);

            RealProgram.Outcome done = drain(proxy, "one");
            assertEquals("web/one takes no new traffic\n", done.out(), done.err());
            assertEquals("drained", proxy.status().backend("one").path("state").asText());
            long selected = selections(proxy, "one");
            for (int i = 0; i < 10; i++) {
                assertTrue(echoes(proxy.tcp("web")));
            }
            assertEquals(selected, selections(proxy, "one"), "in force when the command was answered");
            assertEcho(first, 3);
            assertEcho(second, 4);

            drain(proxy, "one", "--undo");
            awaitHealthy(proxy, "one", true);
            assertEquals(1, drain(proxy, "none").exitCode());
        }
    }

    @Test
    void shouldResetTheConnectionsOfABackendThatIsOutWhereThatIsWanted() throws Exception {
        try (TcpBackend one = TcpBackend.echo();
                TcpBackend two = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                two("tcp", one.port(), two.port(), "health: { on-unhealthy: reset, drain: 10ms }"))
                        .start();
                Socket first = connect(proxy.tcp("web"));
                Socket second = connect(proxy.tcp("web"))) {
            assertEcho(first, 1);
            assertEcho(second, 2);
            drain(proxy, "one");
            drain(proxy, "two");
            assertThrows(SocketException.class, () -> first.getInputStream().read(), "reset, once the drain is over");
            assertThrows(SocketException.class, () -> second.getInputStream().read());
        }
    }

    /** Two services with one backend, which goes out by its probes, and whose connections nobody else ends. */
    @Test
    @RequiresProgram("nginx")
    void shouldDrainTheConnectionsOfABackendThatGoesOutByItsHealth() throws Exception {
        Duration drain = Duration.ofMillis(700);
        try (Nginx freezing = Nginx.answering("hello");
                Nginx other = Nginx.answering("hello");
                ProxyProcess proxy = ProxyProcess.with(drained("short", freezing.port(), other.port(), "700ms")
                                + drained("long", freezing.port(), other.port(), "1h"))
                        .start()) {
            awaitHealthy(proxy, "one", true);
            try (Socket shortly = connect(proxy.tcp("short"));
                    Socket longer = connect(proxy.tcp("long"))) {
                shortly.getOutputStream().write(HALF.getBytes(US_ASCII));
                longer.getOutputStream().write(HALF.getBytes(US_ASCII));
                Await.until(
                        "both have their connection to it",
                        PATIENCE,
                        () -> proxy.status().total("short") == 1
                                && proxy.status().total("long") == 1
                                && proxy.status()
                                                .backend("one")
                                                .path("bytes_to_backend")
                                                .asLong()
                                        == HALF.length());
                long frozenNs = System.nanoTime();
                freezing.freeze();

                assertThrows(
                        SocketException.class, () -> shortly.getInputStream().read(), "reset after its drain");
                long afterNs = System.nanoTime() - frozenNs;
                assertTrue(afterNs >= drain.toNanos(), () -> "not before the drain is over, but after ns: " + afterNs);
                Await.until(
                        "others are served by the other one",
                        PATIENCE,
                        () -> served(proxy.tcp("short"), PATIENCE) && served(proxy.tcp("long"), PATIENCE));

                freezing.thaw();
                longer.getOutputStream().write(OTHER_HALF.getBytes(US_ASCII));
                String answer = new String(longer.getInputStream().readAllBytes(), US_ASCII);
                assertTrue(answer.endsWith("hello"), () -> "it had an hour: " + answer);
            }
        }
    }

    private static String drained(String name, int first, int second, String drain) {
        return """
                %s  - name: %s
                    listen: "tcp://127.0.0.1:0"
                    health: { protocol: http, timeout: 2s, on-unhealthy: drain, drain: %s }
                    backends:
                      - { id: one, address: "127.0.0.1:%d" }
                      - { id: two, address: "127.0.0.1:%d" }
                """.formatted(name.equals("short") ? "services:\n" : "", name, drain, first, second);
    }

    @Test
    @RequiresNetNs
    @RequiresProgram("ip")
    void shouldPingTheBackendsHost() throws Exception {
        try (TestNetwork proxySide = TestNetwork.create();
                TestNetwork backendSide = TestNetwork.create()) {
            proxySide.veth("p0", backendSide, "b0");
            proxySide.configure("p0", "10.99.0.1/24", "fd99::1/64");
            backendSide.configure("b0", "10.99.0.2/24", "fd99::2/64");
            proxySide.sysctl("net.ipv4.ping_group_range", "0 2147483647");
            int port = Ports.free();
            String services = """
                    services:
                      - name: web
                        listen: "udp://127.0.0.1:%d"
                        health: { protocol: icmp, interval: 50ms }
                        backends:
                          - { id: one, address: "10.99.0.2:9" }
                          - { id: two, address: "[fd99::2]:9" }
                    """.formatted(port);
            try (ProxyProcess proxy = ProxyProcess.with(services).in(proxySide).start()) {
                for (String id : new String[] {"one", "two"}) {
                    Await.until(
                            "echoes come back from " + id,
                            PATIENCE,
                            () -> proxy.status()
                                            .backend(id)
                                            .path("probe_rtt_seconds")
                                            .asDouble()
                                    > 0);
                }
                backendSide.ipInside("link", "set", "b0", "down");
                awaitHealthy(proxy, "one", false);
                awaitHealthy(proxy, "two", false);
                backendSide.ipInside("link", "set", "b0", "up");
                awaitHealthy(proxy, "one", true);
            }
        }
    }

    private static RealProgram.Outcome drain(ProxyProcess proxy, String backend, String... more) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            String command = more.length == 0 ? "drain" : "undrain";
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + proxy.adminPort()
                                    + "/api/v1/services/web/backends/" + backend + "/" + command))
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return new RealProgram.Outcome(answer.statusCode() == 200 ? 0 : 1, answer.body(), "");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** What {@code /status} says of a backend that is found out about, the shards may hear a moment later. */
    private static void awaitTheOtherServes(ProxyProcess proxy, String out) {
        Await.until("20 connections, and none goes to " + out, PATIENCE, () -> {
            long selected = selections(proxy, out);
            for (int i = 0; i < 20; i++) {
                if (!echoes(proxy.tcp("web"))) {
                    return false;
                }
            }
            return selections(proxy, out) == selected;
        });
    }

    private static long selections(ProxyProcess proxy, String backend) {
        return proxy.status().backend(backend).path("selections").asLong();
    }

    private static void awaitHealthy(ProxyProcess proxy, String backend, boolean wanted) {
        Await.value(
                backend + " is " + (wanted ? "healthy" : "out"),
                PATIENCE,
                () -> proxy.status().backend(backend),
                state -> state.path("healthy").asBoolean() == wanted
                        && (wanted || !state.path("last_error").asText().isEmpty()));
    }

    private static void reset(Socket client) throws IOException {
        if (client.getInputStream().read() >= 0) {
            client.setSoLinger(true, 0);
        }
    }

    private static boolean served(InetSocketAddress address, Duration patience) {
        try (Socket client = new Socket()) {
            client.setSoTimeout((int) patience.toMillis());
            client.connect(address, (int) patience.toMillis());
            client.getOutputStream().write(REQUEST.getBytes(US_ASCII));
            return new String(client.getInputStream().readAllBytes(), US_ASCII).endsWith("hello");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean echoes(DatagramSocket client) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[] {1, 2, 3}, 3);
        client.send(packet);
        try {
            client.receive(packet);
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    private static boolean echoes(InetSocketAddress address) {
        try (Socket client = connect(address)) {
            client.getOutputStream().write(1);
            return client.getInputStream().read() == 1;
        } catch (IOException e) {
            return false;
        }
    }

    private static void assertEcho(Socket client, int value) throws IOException {
        client.getOutputStream().write(value);
        int echoed = client.getInputStream().read();
        if (echoed < 0) {
            throw new IOException("the connection has ended");
        }
        assertEquals(value, echoed);
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout(10_000);
        client.connect(address, 5_000);
        return client;
    }

    private static String two(String protocol, int first, int second, String more) {
        return """
                services:
                  - name: web
                    listen: "%s://127.0.0.1:0"
                    backends:
                      - { id: one, address: "127.0.0.1:%d" }
                      - { id: two, address: "127.0.0.1:%d" }
                    %s
                """.formatted(protocol, first, second, more);
    }
}
