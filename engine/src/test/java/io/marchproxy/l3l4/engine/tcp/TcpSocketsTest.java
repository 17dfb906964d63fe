package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How sockets are bound and marked. */
@Timeout(60)
class TcpSocketsTest {
    /** EF, code point 46 (RFC 3246), where the kernel keeps it: above the two ECN bits. */
    private static final String EF = "tos:0xb8";

    /** The same in IPv6, which calls it the traffic class. */
    private static final String EF_SIX = "tclass:0xb8";

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    @RequiresProgram("ss")
    void shouldMarkBothSocketsWithTheClassesCodePoint(Placed placed) throws Exception {
        for (String host : new String[] {"127.0.0.1", "::1"}) {
            try (TestBackend backend = new TestBackend(host, TestBackend::echo);
                    TcpRig rig = new TcpRig(
                            placed,
                            ServiceSettings.builder("web")
                                    .listen(Protocol.TCP, host, 0)
                                    .backend("b", host, backend.port())
                                    .trafficClass(TrafficClass.P0)
                                    .build());
                    Socket client = rig.connect()) {
                client.getOutputStream().write(1);
                assertEquals(1, client.getInputStream().read());
                String mark = host.equals("::1") ? EF_SIX : EF;
                assertMarked("sport = :" + client.getPort(), mark);
                assertMarked("dport = :" + backend.port(), mark);
                assertEquals(0, rig.relay().failedMarks());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldSayWhichAddressOfWhichServiceIsTaken(Placed placed) throws Exception {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(TcpRig.literal("127.0.0.1"), 0));
            String message = refusal(placed, "127.0.0.1", taken.getLocalPort());
            assertTrue(message.contains("tcp://127.0.0.1:" + taken.getLocalPort()), message);
            assertTrue(message.contains("web"), message);
            assertTrue(message.contains("taken"), message);
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldSayThatAnAddressIsNotThisMachines(Placed placed) {
        String message = refusal(placed, "192.0.2.77", 8080);
        assertTrue(message.contains("tcp://192.0.2.77:8080"), message);
        assertTrue(message.contains("not one of this machine's"), message);
    }

    /** Sockets of one user may share a port, which is how shards do; another process of his is to be refused all the same. */
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldNotShareAPortWithAnotherRelay(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig =
                        new TcpRig(placed, 2, TcpRig.service(backend.port()).build())) {
            String message = refusal(placed, "127.0.0.1", rig.address().getPort());
            assertTrue(message.contains("taken"), message);
        }
    }

    private static String refusal(Placed placed, String host, int port) {
        ServiceSettings service = ServiceSettings.builder("web")
                .listen(Protocol.TCP, host, port)
                .backend("b", "127.0.0.1", 9)
                .build();
        return assertThrows(ListenException.class, () -> new TcpRig(placed, service).close())
                .getMessage();
    }

    private static void assertMarked(String filter, String mark) {
        String line = RealProgram.of("ss", "-tnH", "--tos", filter).runOrFail().out();
        assertTrue(line.contains(mark), line);
    }
}
