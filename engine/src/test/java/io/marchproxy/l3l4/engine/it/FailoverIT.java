package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Nginx;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import io.marchproxy.l3l4.engine.testing.Together;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Backends that die, are not there yet, or never answer. */
class FailoverIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String REQUEST = "GET / HTTP/1.0\r\n\r\n";

    /** Requests after a backend's death that nobody must notice it by. */
    private static final int AFTERWARDS = 500;

    @Test
    @RequiresProgram({"nginx", "wrk"})
    void shouldFailNoNewConnectionWhenOneOfTwoBackendsDiesUnderLoad() {
        try (Nginx dying = Nginx.answering("hello");
                Nginx staying = Nginx.answering("hello");
                ProxyProcess proxy =
                        ProxyProcess.with(two(dying.port(), staying.port(), "")).start()) {
            InetSocketAddress address = proxy.tcp("web");
            RealProgram.Running wrk = RealProgram.of(
                            "wrk", "-t1", "-c16", "-d180s", "http://127.0.0.1:" + address.getPort() + "/")
                    .start();
            AtomicLong diedAtNs = new AtomicLong(Long.MAX_VALUE);
            AtomicInteger afterwards = new AtomicInteger();
            Thread killer = Thread.startVirtualThread(() -> {
                Await.until(
                        "both backends carry load",
                        PATIENCE,
                        () -> proxy.status().backend("one").path("selections").asLong() > 100);
                dying.kill();
                diedAtNs.set(System.nanoTime());
            });

            Together.run(8, Duration.ofMinutes(2), i -> {
                while (afterwards.get() < AFTERWARDS) {
                    long startedNs = System.nanoTime();
                    boolean served = served(address);
                    // A request in flight on the dying backend is lost with it; one begun later must not notice.
                    if (startedNs > diedAtNs.get()) {
                        assertTrue(
                                served,
                                () -> "a request failed that began " + (startedNs - diedAtNs.get()) / 1_000_000
                                        + " ms after the backend's death");
                        afterwards.incrementAndGet();
                    }
                }
            });

            assertTrue(killer.join(PATIENCE), "the backend was killed");
            assertTrue(wrk.isAlive(), "all that happened under load");
            wrk.close();
            Await.value(
                    "the dead backend is known as dead",
                    PATIENCE,
                    () -> proxy.status().backend("one").path("healthy").asBoolean(),
                    healthy -> !healthy);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldServeWhileABackendIsDownAtStartAndUseItOnceItIsThere() throws Exception {
        int late = Ports.free();
        try (TcpBackend present = TcpBackend.echo();
                ProxyProcess proxy =
                        ProxyProcess.with(two(late, present.port(), "")).start()) {
            for (int i = 0; i < 20; i++) {
                assertEcho(proxy.tcp("web"), i);
            }
            try (TcpBackend arrived = TcpBackend.serving(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), late), TcpBackend::echo)) {
                Await.until("the late backend gets its share", PATIENCE, () -> {
                    assertEcho(proxy.tcp("web"), 1);
                    return proxy.status()
                                    .backend("one")
                                    .path("bytes_to_backend")
                                    .asLong()
                            > 0;
                });
                assertTrue(arrived.accepted() > 0);
            }
        }
    }

    @Test
    void shouldResetAndCountWhenNoBackendIsThereAndServeOnceThereIs() throws Exception {
        int first = Ports.free();
        int second = Ports.free();
        try (ProxyProcess proxy = ProxyProcess.with(two(first, second, "")).start()) {
            InetSocketAddress address = proxy.tcp("web");
            // The reset may come so soon that connecting itself fails.
            assertThrows(SocketException.class, () -> {
                try (Socket client = connect(address)) {
                    client.getInputStream().read();
                }
            });
            Await.value(
                    "the connection is counted as dropped",
                    PATIENCE,
                    proxy::status,
                    status ->
                            status.dropped("web", "no-healthy-backend") + status.dropped("web", "connect-failed") > 0);
            try (TcpBackend arrived = TcpBackend.serving(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), first), TcpBackend::echo)) {
                Await.until("served", PATIENCE, () -> echoes(address));
                assertTrue(arrived.accepted() > 0);
            }
        }
    }

    @Test
    @RequiresNetNs
    @RequiresProgram("nft")
    void shouldTryAnotherBackendWhenOneNeverAnswers() throws Exception {
        int silent = Ports.free();
        int port = Ports.free();
        try (TestNetwork network = TestNetwork.create();
                TcpBackend present = network.inside(TcpBackend::echo)) {
            RealProgram.of(
                            "nft",
                            "add table inet t; add chain inet t in { type filter hook input priority 0; };"
                                    + " add rule inet t in tcp dport " + silent + " drop")
                    .in(network)
                    .runOrFail();
            String services = two(silent, present.port(), "connect: { timeout: 200ms, tries: 3, total: 2s }")
                    .replace("127.0.0.1:0", "127.0.0.1:" + port)
                    .replace("backends:", "health: { protocol: none }\n    backends:");
            try (ProxyProcess proxy = ProxyProcess.with(services).in(network).start()) {
                for (int i = 0; i < 6; i++) {
                    try (Socket client = network.connect("127.0.0.1", port)) {
                        assertEcho(client, i);
                    }
                }
                assertTrue(proxy.status().backend("one").path("connect_errors").asLong() > 0, "a connect timed out");
            }
        }
    }

    private static boolean served(InetSocketAddress address) {
        try (Socket client = connect(address)) {
            client.getOutputStream().write(REQUEST.getBytes(US_ASCII));
            return new String(client.getInputStream().readAllBytes(), US_ASCII).endsWith("hello");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean echoes(InetSocketAddress address) throws IOException {
        try (Socket client = connect(address)) {
            client.getOutputStream().write(1);
            return client.getInputStream().read() == 1;
        }
    }

    private static void assertEcho(InetSocketAddress address, int value) throws IOException {
        try (Socket client = connect(address)) {
            assertEcho(client, value);
        }
    }

    private static void assertEcho(Socket client, int value) throws IOException {
        client.setSoTimeout(10_000);
        client.getOutputStream().write(value);
        assertEquals(value, client.getInputStream().read());
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout(10_000);
        client.connect(address, 5_000);
        return client;
    }

    private static String two(int first, int second, String more) {
        return """
                services:
                  - name: web
                    listen: "tcp://127.0.0.1:0"
                    backends:
                      - { id: one, address: "127.0.0.1:%d" }
                      - { id: two, address: "127.0.0.1:%d" }
                    %s
                """.formatted(first, second, more);
    }
}
