package io.marchproxy.l3l4.engine.demo;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Whether the clients of the demonstration would notice: against a backend without any proxy between, and against bad ones. */
class LoadTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Scoreboard board = new Scoreboard();

    @Test
    void shouldFindNothingWrongWithASoundBackend() throws Exception {
        try (EchoBackend backend = EchoBackend.start(1);
                Load load = Load.start(new InetSocketAddress(LOOPBACK, backend.port()), board)) {
            Await.until("all kinds of load get through", PATIENCE, this::allKindsGotThrough);
            load.finish();
        }

        assertAll(
                () -> assertEquals(0, board.lostRequests.sum()),
                () -> assertEquals(0, board.lostBytes.sum()),
                () -> assertEquals(0, board.lostDatagrams.sum()),
                () -> assertEquals(0, board.wrongBytes.sum()),
                () -> assertEquals(0, board.wrongDatagrams.sum()),
                () -> assertEquals(board.tcpBytesSent.sum(), board.tcpBytesReceived.sum()),
                () -> assertEquals(board.udpSent.sum(), board.udpReceived.sum()),
                () -> assertTrue(board.tcpConnections.sum() > Load.REQUEST_CLIENTS + Load.BULK_STREAMS));
    }

    @Test
    void shouldBlameTheKillOnlyForWhatWasUnderWay() throws Exception {
        EchoBackend backend = EchoBackend.start(0);
        try (Load load = Load.start(new InetSocketAddress(LOOPBACK, backend.port()), board)) {
            Await.until("all kinds of load get through", PATIENCE, this::allKindsGotThrough);
            board.killing(0);
            backend.kill();
            board.dead();
            // Nobody else answers here: whatever is tried after the kill is lost.
            Await.until("new connections fail", PATIENCE, () -> board.lostRequests.sum() > 0);
            long sent = board.udpSent.sum();
            Await.until("datagrams are sent to nobody", PATIENCE, () -> board.udpSent.sum() > sent);
            load.finish();
        }

        assertTrue(board.cutConnections.sum() >= Load.BULK_STREAMS, "the streams were cut");
        assertEquals(0, board.lostBytes.sum(), "what was under way is the kill's doing");
        assertTrue(board.lostDatagrams.sum() > 0, "datagrams that nobody ever answered are lost");
        assertEquals(Scoreboard.Gap.NONE, board.tcpGap());
    }

    @Test
    void shouldNoticeAByteThatIsNotTheOneThatWasSent() throws Exception {
        try (ServerSocket backend = tcpBackend(bytes -> {
                    bytes[bytes.length / 2] ^= 1;
                    return bytes;
                });
                Load load = Load.start(new InetSocketAddress(LOOPBACK, backend.getLocalPort()), board)) {
            Await.until("it is noticed", PATIENCE, () -> board.wrongBytes.sum() > 0);
            load.finish();
        }
    }

    @Test
    void shouldNoticeAConnectionThatEndsEarly() throws Exception {
        try (ServerSocket backend = tcpBackend(bytes -> new byte[0]);
                Load load = Load.start(new InetSocketAddress(LOOPBACK, backend.getLocalPort()), board)) {
            Await.until("it is noticed", PATIENCE, () -> board.lostBytes.sum() > 0 && board.lostRequests.sum() > 0);
            load.finish();
        }
    }

    @Test
    void shouldNoticeDatagramsThatAreLostRepeatedOrForeign() throws Exception {
        try (DatagramSocket backend = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0));
                Load load = Load.start((InetSocketAddress) backend.getLocalSocketAddress(), board)) {
            Thread.ofVirtual().start(() -> answerBadly(backend));
            Await.until("some are wrong", PATIENCE, () -> board.wrongDatagrams.sum() > 100);
            load.finish();
        }

        assertTrue(board.lostDatagrams.sum() > 0);
    }

    private boolean allKindsGotThrough() {
        return board.tcpRequests.sum() > 100
                && board.bulkBytesReceived.sum() > 10_000_000
                && board.udpReceived.sum() > 1_000;
    }

    private static ServerSocket tcpBackend(UnaryOperator<byte[]> change) throws IOException {
        ServerSocket listener = new ServerSocket(0, 100, LOOPBACK);
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    Socket peer = listener.accept();
                    Thread.startVirtualThread(() -> serve(peer, change));
                }
            } catch (IOException _) {
                // Closed: the test is over.
            }
        });
        return listener;
    }

    private static void serve(Socket peer, UnaryOperator<byte[]> change) {
        byte[] bytes = new byte[4096];
        try (peer) {
            peer.getOutputStream().write(0);
            int read;
            while ((read = peer.getInputStream().read(bytes)) > 0) {
                byte[] answer = change.apply(Arrays.copyOf(bytes, read));
                if (answer.length == 0) {
                    return;
                }
                peer.getOutputStream().write(answer);
            }
        } catch (IOException _) {
            // The client has seen enough.
        }
    }

    /** Answers each datagram with one that some client must refuse: another's, an old one, a short one. */
    private static void answerBadly(DatagramSocket socket) {
        byte[] kept = new byte[0];
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        try {
            for (int i = 0; ; i++) {
                packet.setLength(2048);
                socket.receive(packet);
                byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
                byte[] answer = i % 2 == 0 ? kept : Arrays.copyOf(bytes, bytes.length - 1);
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                kept = bytes;
            }
        } catch (IOException _) {
            // Closed: the test is over.
        }
    }
}
