package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AcceptRate;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings.Version;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PROXY protocol headers, taken from clients and sent to backends (haproxy's proxy-protocol.txt). */
@Timeout(60)
class ProxyProtocolTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    /** 192.0.2.1:1000 to 198.51.100.2:443. */
    private static final String V2_TCP4 = SIGNATURE + "2111000cc0000201c633640203e801bb";

    /** The same with a CRC32C extension, whose value nobody checks. */
    private static final String V2_TCP4_EXTENDED = SIGNATURE + "21110013c0000201c633640203e801bb03000401020304";

    private static final String V2_LOCAL = SIGNATURE + "20000000";
    private static final String V2_UDP4 = SIGNATURE + "2112000cc0000201c633640203e801bb";
    private static final String V1_TCP4 = "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n";
    private static final String V1_TCP6 = "PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n";

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldTakeAHeaderAndSendItOn(Placed placed) throws Exception {
        assertPassedOn(placed, Version.V1, ascii(V1_TCP4), Version.V1, ascii(V1_TCP4));
        assertPassedOn(placed, Version.V1, ascii(V1_TCP4), Version.V2, hex(V2_TCP4));
        assertPassedOn(placed, Version.V2, hex(V2_TCP4), Version.V1, ascii(V1_TCP4));
        assertPassedOn(placed, Version.V2, hex(V2_TCP4_EXTENDED), Version.V2, hex(V2_TCP4));
        assertPassedOn(placed, Version.V1, ascii(V1_TCP6), Version.V1, ascii(V1_TCP6));
        assertPassedOn(placed, Version.V1, ascii(V1_TCP4), Version.NONE, new byte[0]);
        assertPassedOn(placed, Version.V2, hex(V2_TCP4), Version.NONE, new byte[0]);
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldTakeAHeaderThatComesByteByByte(Placed placed) throws Exception {
        for (byte[] header : new byte[][] {ascii(V1_TCP6), hex(V2_TCP4_EXTENDED)}) {
            Version version = header[0] == 'P' ? Version.V1 : Version.V2;
            try (Recorder backend = new Recorder();
                    TcpRig rig = rig(placed, version, Version.NONE, backend.port());
                    Socket client = rig.connect()) {
                client.setTcpNoDelay(true);
                for (byte octet : header) {
                    client.getOutputStream().write(octet);
                }
                client.getOutputStream().write(ascii("hello"));
                client.shutdownOutput();
                assertEquals("hello", new String(backend.heard(), StandardCharsets.US_ASCII));
                assertEquals(-1, client.getInputStream().read());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldSendTheSocketsOwnAddresses(Placed placed) throws Exception {
        for (String host : new String[] {"127.0.0.1", "::1"}) {
            try (Recorder backend = new Recorder();
                    TcpRig rig = new TcpRig(
                            placed,
                            ServiceSettings.builder("web")
                                    .listen(Protocol.TCP, "::", 0)
                                    .backend("b", "127.0.0.1", backend.port())
                                    .proxyProtocol(settings(Version.NONE, Version.V1))
                                    .build());
                    Socket client =
                            new Socket(TcpRig.literal(host), rig.address().getPort())) {
                client.shutdownOutput();
                String family = host.equals("::1") ? "TCP6" : "TCP4";
                assertEquals(
                        "PROXY " + family + " " + host + " " + host + " " + client.getLocalPort() + " "
                                + client.getPort() + "\r\n",
                        new String(backend.heard(), StandardCharsets.US_ASCII));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldKeepTheSocketsAddressesWhenTheHeaderNamesNone(Placed placed) throws Exception {
        for (byte[] header : new byte[][] {ascii("PROXY UNKNOWN\r\n"), hex(V2_LOCAL)}) {
            Version version = header[0] == 'P' ? Version.V1 : Version.V2;
            try (Recorder backend = new Recorder();
                    TcpRig rig = rig(placed, version, Version.V1, backend.port());
                    Socket client = rig.connect()) {
                client.getOutputStream().write(header);
                client.shutdownOutput();
                assertEquals(
                        "PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " " + client.getPort() + "\r\n",
                        new String(backend.heard(), StandardCharsets.US_ASCII));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldRefuseWhatIsNoHeaderOfTheConfiguredVersion(Placed placed) throws Exception {
        byte[][] forV1 = {
            ascii("GET / HTTP/1.1\r\n"),
            ascii("X"),
            ascii("PROXY TCP4 192.0.2.1\r\n"),
            ascii("PROXY TCP4 192.0.2.1 198.51.100.2 1000 99999\r\n"),
            ascii("PROXY TCP4 2001:db8::1 2001:db8::2 1000 443\r\n"),
            ascii("PROXY TCP4 " + "1".repeat(200)),
            ascii("PROXY\tTCP4 192.0.2.1 198.51.100.2 1000 443\r\n"),
            hex(V2_TCP4),
        };
        byte[][] forV2 = {
            ascii(V1_TCP4),
            hex(SIGNATURE + "11"),
            hex(SIGNATURE + "31"),
            hex(SIGNATURE + "2f11000cc0000201c633640203e801bb"),
            hex(SIGNATURE + "21110004c0000201"),
            hex(SIGNATURE + "2111ffff" + "00".repeat(9_000)),
            hex(V2_UDP4),
        };
        try (Recorder backend = new Recorder()) {
            assertRefused(placed, Version.V1, backend, forV1);
            assertRefused(placed, Version.V2, backend, forV2);
            assertEquals(0, backend.accepted());
        }
    }

    /** Every header that is cut short, and every one with a wrong byte in its signature. */
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldRefuseAHeaderThatIsBrokenAtAnyByte(Placed placed) throws Exception {
        byte[] whole = hex(V2_TCP4);
        try (Recorder backend = new Recorder();
                TcpRig rig = rig(placed, Version.V2, Version.NONE, backend.port())) {
            for (int cut = 0; cut < whole.length; cut++) {
                try (Socket client = rig.connect()) {
                    client.getOutputStream().write(whole, 0, cut);
                    client.shutdownOutput();
                    assertReset(client, "cut at " + cut);
                }
            }
            int signature = SIGNATURE.length() / 2;
            for (int wrong = 0; wrong < signature; wrong++) {
                byte[] broken = whole.clone();
                broken[wrong] ^= 1;
                try (Socket client = rig.connect()) {
                    client.getOutputStream().write(broken);
                    assertReset(client, "wrong at " + wrong);
                }
            }
            assertEquals(whole.length + signature, rig.refused(DropReason.BAD_PROXY_HEADER));
            assertEquals(0, backend.accepted());
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldRefuseAHeaderThatIsLate(Placed placed) throws Exception {
        try (Recorder backend = new Recorder();
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(backend.port())
                                .proxyProtocol(
                                        new ProxyProtocolSettings(Version.V1, Version.NONE, Duration.ofMillis(100)))
                                .build());
                Socket silent = rig.connect();
                Socket slow = rig.connect()) {
            // On a busy machine it may be over before that is written.
            assertThrows(
                    SocketException.class,
                    () -> {
                        slow.getOutputStream().write(ascii("PROXY TCP4 "));
                        slow.getInputStream().read();
                    },
                    "slow");
            assertReset(silent, "silent");
            assertEquals(2, rig.refused(DropReason.BAD_PROXY_HEADER));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldForgetAClientThatResetsWithinTheHeader(Placed placed) throws Exception {
        try (Recorder backend = new Recorder();
                TcpRig rig = rig(placed, Version.V1, Version.NONE, backend.port())) {
            Socket client = rig.connect();
            client.getOutputStream().write(ascii("PROXY TCP4 "));
            TcpRelayTest.reset(client);
            rig.awaitQuiet();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldLimitTheRateOfTheClientThatTheHeaderNames(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(backend.port())
                                .proxyProtocol(settings(Version.V1, Version.NONE))
                                .acceptRate(new AcceptRate(1, 1))
                                .build())) {
            for (int i = 1; i <= 3; i++) {
                assertEquals(7, echoedFrom(rig, "192.0.2." + i));
            }
            // On a slow machine two may come more than a second apart, but never so many.
            assertThrows(SocketException.class, () -> {
                for (int i = 0; i < 100; i++) {
                    echoedFrom(rig, "192.0.2.1");
                }
            });
            assertTrue(rig.refused(DropReason.ACCEPT_RATE) >= 1);
        }
    }

    private static int echoedFrom(TcpRig rig, String address) throws IOException {
        try (Socket client = rig.connect()) {
            client.getOutputStream().write(ascii("PROXY TCP4 " + address + " 198.51.100.2 1000 443\r\n"));
            client.getOutputStream().write(7);
            return client.getInputStream().read();
        }
    }

    private static void assertPassedOn(Placed placed, Version accept, byte[] header, Version send, byte[] expected)
            throws Exception {
        byte[] content = TcpRelayTest.random(200_000, 1);
        ByteArrayOutputStream wanted = new ByteArrayOutputStream();
        wanted.write(expected);
        wanted.write(content);
        try (Recorder backend = new Recorder();
                TcpRig rig = rig(placed, accept, send, backend.port());
                Socket client = rig.connect()) {
            OutputStream out = client.getOutputStream();
            ByteArrayOutputStream together = new ByteArrayOutputStream();
            together.write(header);
            together.write(content);
            out.write(together.toByteArray());
            client.shutdownOutput();
            byte[] heard = backend.heard();
            byte[] first = java.util.Arrays.copyOf(heard, Math.min(heard.length, expected.length));
            assertEquals(readable(expected), readable(first), accept + " to " + send);
            assertArrayEquals(wanted.toByteArray(), heard);
        }
    }

    private static String readable(byte[] header) {
        return header.length > 0 && header[0] == 'P'
                ? new String(header, StandardCharsets.US_ASCII)
                : HexFormat.of().formatHex(header);
    }

    private static void assertRefused(Placed placed, Version version, Recorder backend, byte[]... headers)
            throws Exception {
        try (TcpRig rig = rig(placed, version, Version.NONE, backend.port())) {
            for (byte[] header : headers) {
                try (Socket client = rig.connect()) {
                    client.getOutputStream().write(header);
                    assertReset(client, readable(header));
                }
            }
            assertEquals(headers.length, rig.refused(DropReason.BAD_PROXY_HEADER));
        }
    }

    private static void assertReset(Socket client, String what) {
        assertThrows(SocketException.class, () -> client.getInputStream().read(), what);
    }

    private static TcpRig rig(Placed placed, Version accept, Version send, int backendPort) throws Exception {
        return new TcpRig(
                placed,
                TcpRig.service(backendPort)
                        .proxyProtocol(settings(accept, send))
                        .build());
    }

    private static ProxyProtocolSettings settings(Version accept, Version send) {
        return new ProxyProtocolSettings(accept, send, Duration.ofSeconds(20));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    /** Keeps all that one connection brought. */
    private static final class Recorder implements AutoCloseable {
        private final CompletableFuture<byte[]> heard = new CompletableFuture<>();
        private final TestBackend backend = new TestBackend(
                connection -> heard.complete(connection.getInputStream().readAllBytes()));

        Recorder() throws IOException {}

        int port() {
            return backend.port();
        }

        int accepted() {
            return backend.accepted();
        }

        byte[] heard() throws Exception {
            return heard.get(20, TimeUnit.SECONDS);
        }

        @Override
        public void close() throws IOException {
            backend.close();
        }
    }
}
