package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Nginx;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The PROXY protocol, in and out (haproxy's doc/proxy-protocol.txt), the broken kind included. */
@RequiresProgram("nginx")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyProtocolIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String REQUEST = "GET / HTTP/1.0\r\n\r\n";
    private static final String BAD = "bad-proxy-header";
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    private Nginx nginx;
    private TcpBackend echo;
    private ProxyProcess proxy;

    @BeforeAll
    void startOneProxyForAll() {
        nginx = Nginx.expectingProxyProtocol();
        echo = TcpBackend.echo();
        proxy = ProxyProcess.with("services:\n"
                        + service("send-v1", "127.0.0.1", "none", "v1", nginx.port())
                        + service("send-v2", "127.0.0.1", "none", "v2", nginx.port())
                        + service("six-v1", "[::1]", "none", "v1", nginx.port())
                        + service("six-v2", "[::1]", "none", "v2", nginx.port())
                        + service("both-v1", "127.0.0.1", "v1", "v2", nginx.port())
                        + service("both-v2", "127.0.0.1", "v2", "v2", nginx.port())
                        + service("take-v1", "127.0.0.1", "v1", "none", echo.port())
                        + service("take-v2", "127.0.0.1", "v2", "none", echo.port()))
                .start();
    }

    @AfterAll
    void stop() {
        proxy.close();
        echo.close();
        nginx.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"send-v1", "send-v2"})
    void shouldTellNginxTheRealClient(String service) throws IOException {
        try (Socket client = connect(service)) {
            client.getOutputStream().write(REQUEST.getBytes(US_ASCII));

            assertEquals("127.0.0.1 " + client.getLocalPort(), body(client));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"six-v1", "six-v2"})
    void shouldTellNginxTheRealClientOverIpv6(String service) throws IOException {
        try (Socket client = connect(service)) {
            client.getOutputStream().write(REQUEST.getBytes(US_ASCII));

            String body = body(client);
            assertTrue(body.matches("(::1|0:0:0:0:0:0:0:1) " + client.getLocalPort()), body);
        }
    }

    static Stream<Arguments> soundHeaders() {
        return Stream.of(
                Arguments.of("v1", hex("PROXY TCP4 203.0.113.9 203.0.113.1 4711 80\r\n"), "203.0.113.9 4711"),
                Arguments.of("v1", hex("PROXY TCP6 2001:db8::9 2001:db8::1 4711 80\r\n"), "2001:db8::9 4711"),
                Arguments.of(
                        "v2", SIGNATURE + "2111000c" + "cb007109" + "cb007101" + "1267" + "0050", "203.0.113.9 4711"),
                Arguments.of(
                        "v2",
                        SIGNATURE + "21110013" + "cb007109" + "cb007101" + "1267" + "0050" + "04000411223344",
                        "203.0.113.9 4711"),
                Arguments.of(
                        "v2",
                        SIGNATURE + "21210024" + "20010db8000000000000000000000009" + "20010db8000000000000000000000001"
                                + "1267" + "0050",
                        "2001:db8::9 4711"));
    }

    @ParameterizedTest
    @MethodSource("soundHeaders")
    void shouldPassOnTheClientThatASoundHeaderNames(String accept, String header, String client) throws IOException {
        try (Socket socket = connect("both-" + accept)) {
            socket.getOutputStream().write(bytes(header + hex(REQUEST)));

            assertEquals(client, body(socket));
        }
    }

    @Test
    void shouldTakeASoundHeaderByteByByteAndHandOverWhatFollows() throws IOException {
        try (Socket client = connect("take-v1")) {
            client.setTcpNoDelay(true);
            for (byte each : "PROXY TCP4 203.0.113.9 203.0.113.1 4711 80\r\nhello".getBytes(US_ASCII)) {
                client.getOutputStream().write(each);
            }
            client.shutdownOutput();

            assertEquals("hello", new String(client.getInputStream().readAllBytes(), US_ASCII));
        }
    }

    static Stream<Arguments> soundHeadersWithoutAClient() {
        return Stream.of(
                Arguments.of("v1", hex("PROXY UNKNOWN\r\n")),
                Arguments.of("v1", hex("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n")),
                Arguments.of("v2", SIGNATURE + "20000000"),
                Arguments.of("v2", SIGNATURE + "21000000"));
    }

    @ParameterizedTest
    @MethodSource("soundHeadersWithoutAClient")
    void shouldServeConnectionsWhoseHeaderNamesNobody(String accept, String header) throws IOException {
        try (Socket client = connect("take-" + accept)) {
            client.getOutputStream().write(bytes(header + hex("hello")));
            client.shutdownOutput();

            assertEquals("hello", new String(client.getInputStream().readAllBytes(), US_ASCII));
        }
    }

    static Stream<Arguments> brokenHeaders() {
        return Stream.of(
                Arguments.of("v1", hex("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 203.0.113.9 203.0.113.1 4711\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 203.0.113.999 203.0.113.1 4711 80\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 2001:db8::9 203.0.113.1 4711 80\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 203.0.113.9 203.0.113.1 70000 80\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 203.0.113.9 203.0.113.1 -1 80\r\n")),
                Arguments.of("v1", hex("PROXY UDP4 203.0.113.9 203.0.113.1 4711 80\r\n")),
                Arguments.of("v1", hex("proxy TCP4 203.0.113.9 203.0.113.1 4711 80\r\n")),
                Arguments.of("v1", hex("PROXY TCP4 " + "1".repeat(200))),
                Arguments.of("v1", SIGNATURE + "2111000c" + "cb007109" + "cb007101" + "1267" + "0050"),
                Arguments.of("v2", hex("PROXY TCP4 203.0.113.9 203.0.113.1 4711 80\r\n")),
                Arguments.of("v2", SIGNATURE + "1111000c" + "cb007109" + "cb007101" + "1267" + "0050"),
                Arguments.of("v2", SIGNATURE + "2f11000c" + "cb007109" + "cb007101" + "1267" + "0050"),
                Arguments.of("v2", SIGNATURE + "21110004" + "cb007109"),
                Arguments.of("v2", SIGNATURE + "2121000c" + "cb007109" + "cb007101" + "1267" + "0050"),
                Arguments.of(
                        "v2", "0d0a0d0a000d0a515549540b" + "2111000c" + "cb007109" + "cb007101" + "1267" + "0050"));
    }

    @ParameterizedTest
    @MethodSource("brokenHeaders")
    void shouldCutAndCountABrokenHeader(String accept, String header) throws IOException {
        int reached = echo.accepted();
        long before = proxy.status().dropped("take-" + accept, BAD);
        try (Socket client = connect("take-" + accept)) {
            client.getOutputStream().write(bytes(header));

            assertEquals(-1, endOf(client));
        }
        awaitDropped("take-" + accept, before + 1);
        assertEquals(reached, echo.accepted(), "a broken header reached the backend");
    }

    @ParameterizedTest
    @ValueSource(strings = {"take-v1", "take-v2"})
    void shouldCutAndCountAClientThatEndsAmidItsHeader(String service) throws IOException {
        long before = proxy.status().dropped(service, BAD);
        try (Socket client = connect(service)) {
            client.getOutputStream().write(service.endsWith("1") ? 'P' : '\r');
            client.shutdownOutput();

            assertEquals(-1, endOf(client));
        }
        awaitDropped(service, before + 1);
    }

    @Test
    void shouldCutAndCountAClientWhoseHeaderNeverComes() throws IOException {
        long before = proxy.status().dropped("take-v1", BAD);
        try (Socket client = connect("take-v1")) {
            client.getOutputStream().write("PROXY TC".getBytes(US_ASCII));

            assertEquals(-1, endOf(client));
        }
        awaitDropped("take-v1", before + 1);
    }

    private void awaitDropped(String service, long count) {
        Await.value("counted", PATIENCE, () -> proxy.status().dropped(service, BAD), now -> now == count);
    }

    private static int endOf(Socket client) {
        try {
            return client.getInputStream().read();
        } catch (java.net.SocketTimeoutException stillOpen) {
            return -2;
        } catch (IOException reset) {
            return -1;
        }
    }

    private static String body(Socket client) throws IOException {
        String answer = new String(client.getInputStream().readAllBytes(), US_ASCII);
        return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }

    private Socket connect(String service) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout((int) PATIENCE.toMillis());
        client.connect(proxy.tcp(service), 5_000);
        return client;
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(US_ASCII));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    /** Without probes: they too are connections, and the backends count them or miss their header. */
    private static String service(String name, String host, String accept, String send, int backendPort) {
        return """
                  - name: %s
                    listen: "tcp://%s:0"
                    proxy-protocol: { accept: %s, send: %s, header-timeout: 5s }
                    health: { protocol: none }
                    backends: [ { id: b, address: "%s:%d" } ]
                """.formatted(name, host, accept, send, host, backendPort);
    }
}
