package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Changing the configuration and stopping, both while requests run. */
class ReloadAndDrainIT {

    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final int ROUNDS = 10;
    private static final int ANSWER = 200_000;

    @Test
    @RequiresProgram({"nginx", "wrk"})
    void shouldNotFailOneRequestOfAServiceWhileOthersComeChangeAndGo() {
        try (Nginx nginx = Nginx.answering("hello");
                TcpBackend first = TcpBackend.greeting("first");
                TcpBackend second = TcpBackend.greeting("second");
                ProxyProcess proxy = ProxyProcess.with(web(nginx.port(), "")).start()) {
            String url = url(proxy.tcp("web"));
            RealProgram.Running kept = wrk("-c32", url);
            RealProgram.Running closed = wrk("-c4", "-H", "Connection: close", url);
            for (int round = 0; round < ROUNDS; round++) {
                proxy.reload(web(nginx.port(), other(first.port())));
                assertEquals("first", greeting(proxy.tcp("other")));
                proxy.reload(web(nginx.port(), other(second.port())));
                assertEquals("second", greeting(proxy.tcp("other")));
                proxy.reload(web(nginx.port(), ""));
            }
            assertNoFailure(kept);
            assertNoFailure(closed);
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
                Await.until("nobody listens", LIMIT, () -> refuses(gone));
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
        CountDownLatch draining = new CountDownLatch(1);
        try (Nginx nginx = Nginx.answering("hello");
                TcpBackend slow = TcpBackend.serving(connection -> answerInTwoParts(connection, draining));
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
            RealProgram.Running wrk = wrk("-c32", url(web));
            Await.value(
                    "all requests are under way", LIMIT, () -> proxy.status().connections(), count -> count >= 10 + 32);

            proxy.signal("TERM");

            Await.value("not ready", LIMIT, () -> proxy.get("/readyz").code(), code -> code == 503);
            Await.until("no new connections", LIMIT, () -> refuses(web));
            assertTrue(proxy.status().connections() > 0, "drained before the requests could end");
            draining.countDown();
            for (RealProgram.Running download : downloads) {
                assertEquals("200 200000", download.await(LIMIT).out().strip());
            }
            assertNoFailure(wrk);
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

    /** An answer to HTTP, of which the second half comes only once the proxy drains. */
    private static void answerInTwoParts(Socket connection, CountDownLatch draining) throws IOException {
        BufferedReader request = new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
        for (String line = request.readLine(); !"".equals(line); line = request.readLine()) {
            if (line == null) {
                return;
            }
        }
        OutputStream out = connection.getOutputStream();
        out.write(
                ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + ANSWER + "\r\n\r\n").getBytes(US_ASCII));
        out.write(new byte[ANSWER / 2]);
        try {
            draining.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        out.write(new byte[ANSWER / 2]);
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

    /** For as long as it takes: {@link #assertNoFailure} ends it. What a busy machine is late with has not failed. */
    private static RealProgram.Running wrk(String... arguments) {
        List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-d120s", "--timeout", "60s"));
        command.addAll(List.of(arguments));
        return RealProgram.of(command).start();
    }

    private static void assertNoFailure(RealProgram.Running running) {
        running.signal("INT");
        RealProgram.Outcome wrk = running.await(LIMIT);
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
