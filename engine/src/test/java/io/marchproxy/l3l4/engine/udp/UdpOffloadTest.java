package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Datagrams that the kernel hands on merged, or takes at once, keep their borders, their order and their place in the books. */
@Timeout(60)
class UdpOffloadTest {
    private static final int SEGMENT = 1000;
    private static final int SEGMENTS = 40;
    private static final int REST = 300;
    private static final int COUNT = SEGMENTS + 1;
    private static final int BYTES = SEGMENTS * SEGMENT + REST;

    static List<Machine> machines() {
        return Machine.bySystemCalls();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldKeepTheBordersOfMergedDatagramsInBothDirections(Machine machine) throws Exception {
        try (BurstPeer backend = new BurstPeer();
                BurstPeer client = new BurstPeer();
                UdpRig rig =
                        UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()))) {
            byte[] question = noise(1);
            client.send(question, SEGMENT, rig.address());
            InetSocketAddress session = assertReceived(question, backend);
            byte[] answer = noise(2);
            backend.send(answer, SEGMENT, session);
            assertEquals(rig.address(), assertReceived(answer, client));

            boolean isMerged = machine.transport() == TransportKind.IO_URING;
            assertEquals(isMerged ? 2 : 0, rig.count(UdpCounter.MERGED));
            assertTrue(rig.count(UdpCounter.SEGMENTED) >= 2, "runs are sent at once");
            assertEquals(COUNT, rig.out(Direction.TO_BACKEND));
            assertEquals(COUNT, rig.out(Direction.TO_CLIENT));
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    /** With so few buffers the receive ends for want of one with every third datagram. */
    @ParameterizedTest
    @CsvSource({"2, false", "2, true", "8, false", "8, true"})
    void shouldLoseNothingWhenTheRingOfBuffersRunsDry(int ringBuffers, boolean isPipelined) throws Exception {
        Machine machine = new Machine(TransportKind.IO_URING, isPipelined);
        UdpOptions options = withRingBuffers(machine.options(), ringBuffers);
        try (BurstPeer backend = new BurstPeer();
                TestClient client = new TestClient();
                UdpRig rig = UdpRig.of(
                        machine,
                        options,
                        QosSettings.DEFAULT,
                        UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()))) {
            for (int round = 0; round < 20; round++) {
                rig.shard().loop().execute(() -> sendMany(client, rig.address()));
                for (int i = 0; i < 64; i++) {
                    assertEquals("number " + i, backend.receive().text());
                }
            }
            assertTrue(rig.count(UdpCounter.STARVED) > 0, "the ring never ran dry");
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    /** One at a time: never are there more than a few on their way, however many have passed. */
    @Test
    void shouldMoveNothingAsLongAsTheEgressThreadKeepsPace() throws Exception {
        Machine machine = new Machine(TransportKind.IO_URING, true);
        try (BurstPeer backend = new BurstPeer();
                TestClient client = new TestClient();
                UdpRig rig = UdpRig.of(
                        machine,
                        withRingBuffers(machine.options(), 8),
                        QosSettings.DEFAULT,
                        UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()))) {
            for (int i = 0; i < 100; i++) {
                client.send("number " + i, rig.address());
                assertEquals("number " + i, backend.receive().text());
            }
            assertEquals(0, rig.count(UdpCounter.MOVED));
        }
    }

    private static UdpOptions withRingBuffers(UdpOptions options, int ringBuffers) {
        return new UdpOptions(
                options.packetBuffers(),
                options.jumboBuffers(),
                ringBuffers,
                options.receiveBufferBytes(),
                options.sessionBufferBytes(),
                options.readsPerTurn());
    }

    /** On the loop's own thread, which therefore finds them all at once. */
    private static void sendMany(TestClient client, InetSocketAddress to) {
        try {
            for (int i = 0; i < 64; i++) {
                client.send("number " + i, to);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static InetSocketAddress assertReceived(byte[] all, BurstPeer peer) {
        TestClient.Received received = peer.receive();
        for (int i = 0; i < COUNT; i++) {
            byte[] wanted = Arrays.copyOfRange(all, i * SEGMENT, Math.min(all.length, (i + 1) * SEGMENT));
            assertArrayEquals(wanted, received.payload(), "datagram " + i);
            if (i < COUNT - 1) {
                received = peer.receive();
            }
        }
        return received.from();
    }

    private static byte[] noise(long seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
