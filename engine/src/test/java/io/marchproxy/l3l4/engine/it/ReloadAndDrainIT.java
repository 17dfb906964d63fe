package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Nginx;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Changing the configuration and stopping, both while requests run. */
class ReloadAndDrainIT {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    @Test
    @RequiresProgram({"nginx", "wrk"})
    void shouldNotFailOneRequestOfAServiceWhileOthersComeChangeAndGo() {
        try (Nginx nginx = Nginx.answering("hello");
                TcpBackend first = TcpBackend.greeting("first");
                TcpBackend second = TcpBackend.greeting("second");
                ProxyProcess proxy = ProxyProcess.with(web(nginx.port(), "")).start()) {
            String url = url(proxy.tcp("web"));
            RealProgram.Running kept =
                    RealProgram.of("wrk", "-t1", "-c32", "-d6s", url).start();
            RealProgram.Running closed = RealProgram.of("wrk", "-t1", "-c4", "-d6s", "-H", "Connection: close", url)
                    .start();
            int rounds = 0;
            while (kept.isAlive()) {
                proxy.reload(web(nginx.port(), other(first.port())));
                assertEquals("first", greeting(proxy.tcp("other")));
                proxy.reload(web(nginx.port(), other(second.port())));
                assertEquals("second", greeting(proxy.tcp("other")));
                proxy.reload(web(nginx.port(), ""));
                rounds++;
            }

            assertTrue(rounds >= 2, "rounds of reloading: " + rounds);
            assertNoFailure(kept.await(LIMIT));
            assertNoFailure(closed.await(LIMIT));
        }
    }

    @Test
    void shouldKeepLiveConnectionsOfAServiceThatIsTakenAway() throws Exception {
        try (TcpBackend backend = TcpBackend.echo();
                TcpBackend other = TcpBackend.echo();
                ProxyProcess proxy =
                        ProxyProcess.with(two(backend.port(), other.port())).start()) {
            InetSocketAddress gone = proxy.tcp("one");
            try (Socket client = connect(gone)) {
                assertEcho(client, 1);

                proxy.reload(one("two", other.port()));

                assertEcho(client, 2);
                assertThrows(ConnectException.class, () -> connect(gone).close());
            }
        }
    }

    @Test
    void shouldRefuseABrokenConfigurationByItsLineAndKeepTheOldOne() throws Exception {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy =
                        ProxyProcess.with(one("one", backend.port())).start();
                Socket client = connect(proxy.tcp("one"))) {
            assertEcho(client, 1);
            proxy.writeConfig(one("one", backend.port()).replace("backends", "backend"));

            proxy.signal("HUP");

            Await.value("the refusal is counted", LIMIT, () -> proxy.status().reloadsRefused(), count -> count > 0);
            Await.until("the line is named", LIMIT, () -> proxy.output().contains("proxy.yaml:6"));
            assertEcho(client, 2);
            try (Socket another = connect(proxy.tcp("one"))) {
                assertEcho(another, 3);
            }
        }
    }

    @Test
    void shouldReloadByItselfWhenTheFileChanges() throws Exception {
        try (TcpBackend first = TcpBackend.greeting("first");
                TcpBackend second = TcpBackend.greeting("second");
                ProxyProcess proxy = ProxyProcess.with(one("one", first.port())).start()) {
            assertEquals("first", greeting(proxy.tcp("one")));

            proxy.writeConfig(one("one", second.port()));

            Await.value(
                    "the changed file is in force", LIMIT, () -> proxy.status().reloads(), count -> count > 0);
            assertEquals("second", greeting(proxy.tcp("one")));
        }
    }

    @Test
    @RequiresProgram({"nginx", "wrk", "curl"})
    void shouldCompleteEveryAcceptedRequestWhenToldToStop() throws Exception {
        try (Nginx nginx = Nginx.answering("hello");
                Nginx slow = Nginx.answeringSlowly(200_000, "100k");
                ProxyProcess proxy =
                        ProxyProcess.with(web(nginx.port(), other(slow.port()))).start()) {
            InetSocketAddress web = proxy.tcp("web");
            String slowUrl = url(proxy.tcp("other")) + "file";
            List<RealProgram.Running> downloads = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                downloads.add(
                        RealProgram.of("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", slowUrl)
                                .start());
            }
            RealProgram.Running wrk =
                    RealProgram.of("wrk", "-t1", "-c32", "-d4s", url(web)).start();
            Await.value(
                    "all requests are under way", LIMIT, () -> proxy.status().connections(), count -> count >= 10 + 32);

            proxy.signal("TERM");

            Await.value("not ready", LIMIT, () -> proxy.get("/readyz").code(), code -> code == 503);
            Await.until("no new connections", LIMIT, () -> refuses(web));
            assertTrue(proxy.status().connections() > 0, "drained before the requests could end");
            for (RealProgram.Running download : downloads) {
                assertEquals("200 200000", download.await(LIMIT).out().strip());
            }
            assertNoFailure(wrk.await(LIMIT));
            proxy.awaitCleanEnd();
        }
    }

    @Test
    void shouldEndAtTheDeadlineWhenAClientNeverGoes() throws Exception {
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with("engine: { drain-timeout: 1s }\n" + one("one", backend.port()))
                        .start();
                Socket client = connect(proxy.tcp("one"))) {
            assertEcho(client, 1);

            proxy.terminate();

            assertEquals(-1, readOrReset(client));
        }
    }

    private static int readOrReset(Socket client) {
        try {
            return client.getInputStream().read();
        } catch (IOException reset) {
            return -1;
        }
    }

    private static boolean refuses(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 1_000);
            return false;
        } catch (ConnectException refused) {
            return true;
        }
    }

    private static void assertNoFailure(RealProgram.Outcome wrk) {
        assertEquals(0, wrk.exitCode(), wrk::toString);
        assertTrue(wrk.out().matches("(?s).*[1-9]\\d* requests in .*"), wrk::out);
        assertFalse(wrk.out().contains("Socket errors") || wrk.out().contains("Non-2xx"), wrk::out);
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout(20_000);
        client.connect(address, 5_000);
        return client;
    }

    private static void assertEcho(Socket client, int value) throws IOException {
        client.getOutputStream().write(value);
        assertEquals(value, client.getInputStream().read());
    }

    private static String greeting(InetSocketAddress address) {
        try (Socket client = connect(address)) {
            return new BufferedReader(new InputStreamReader(client.getInputStream(), US_ASCII)).readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String url(InetSocketAddress address) {
        return "http://127.0.0.1:" + address.getPort() + "/";
    }

    private static String one(String name, int port) {
        return """
                services:
                  - name: %s
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(name, port);
    }

    private static String two(int firstPort, int secondPort) {
        return one("one", firstPort) + one("two", secondPort).replace("services:\n", "");
    }

    private static String web(int port, String others) {
        return one("web", port) + others;
    }

    private static String other(int port) {
        return one("other", port).replace("services:\n", "");
    }
}
