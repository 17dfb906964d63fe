package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which datagrams go as one message, and that each arrives as it was, in order, whether the kernel takes several or not. */
@Timeout(60)
class NativeSendQueueTest {
    private static final int AF11 = 10;
    private static final long LOOPBACK = 0x7f000001;
    private static final Offload ALL = new Offload(true, true);

    private final PacketDescriptor packet =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);

    static Stream<Arguments> runs() {
        return Stream.of(
                Arguments.of("a shorter one ends a run", List.of(100, 100, 50, 100, 100), 2),
                Arguments.of("a longer one begins another", List.of(50, 100, 200), 0),
                Arguments.of("an empty one goes by itself", List.of(0, 0, 7, 0, 7), 0),
                Arguments.of("no more than 64", equal(130, 64), 3),
                Arguments.of("no more than 65,507 bytes", equal(70, 1400), 2),
                Arguments.of("one is no run", List.of(1400), 0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("runs")
    void shouldSendRunsAtOnce(String why, List<Integer> lengths, int segmented) throws Exception {
        try (Rig rig = new Rig(ALL)) {
            send(rig, lengths, 0);
            assertArrived(rig, lengths);
            assertEquals(segmented, rig.count(UdpCounter.SEGMENTED), why);
            rig.assertAllSent(lengths.size());
        }
    }

    @Test
    void shouldNotPutDifferentCodePointsIntoARun() throws Exception {
        try (Rig rig = new Rig(ALL)) {
            add(rig, 0, 10, 0);
            add(rig, 1, 10, 0);
            add(rig, 2, 10, AF11);
            add(rig, 3, 10, AF11);
            add(rig, 4, 10, 0);
            rig.queue.flush();
            assertArrived(rig, equal(5, 10));
            assertEquals(2, rig.count(UdpCounter.SEGMENTED));
        }
    }

    /** The kernel gives each datagram of a run the same octet; so one that is marked is none of those that are not. */
    @Test
    void shouldNotPutDifferentEcnFieldsIntoARun() throws Exception {
        try (Rig rig = new Rig(ALL)) {
            for (int i = 0; i < 6; i++) {
                fill(rig, i, 10);
                packet.direction(Direction.TO_BACKEND);
                packet.ingressEcn(Ecn.CAPABLE_0);
                packet.flags(i == 2 || i == 3 ? DescriptorFlags.CE_MARKED : 0);
                rig.queue.add(rig.socket, null, packet);
            }
            rig.queue.flush();
            assertArrived(rig, equal(6, 10));
            assertEquals(3, rig.count(UdpCounter.SEGMENTED));
        }
    }

    @Test
    void shouldSendEachByItselfWhereTheKernelTakesOneOnly() throws Exception {
        try (Rig rig = new Rig(Offload.NONE)) {
            send(rig, equal(20, 100), 0);
            assertArrived(rig, equal(20, 100));
            assertEquals(0, rig.count(UdpCounter.SEGMENTED));
            rig.assertAllSent(20);
        }
    }

    /** As Linux before 6.11 answers where the device has no checksum offload, and later ones where IPsec is in between. */
    @Test
    void shouldSendEachByItselfWhereTheDeviceTakesNoRuns() throws Exception {
        SocketCalls calls = new SocketCalls();
        try (Rig rig = new Rig(ALL, (fd, headers, count, flags) -> {
            int single = leadingSingles(headers, count);
            return single == 0 ? -Errno.EIO : calls.sendMany(fd, headers, single, flags);
        })) {
            send(rig, List.of(7, 100, 100, 100, 50), 0);
            assertArrived(rig, List.of(7, 100, 100, 100, 50));
            send(rig, equal(20, 100), 0);
            assertArrived(rig, equal(20, 100));
            assertEquals(1, rig.count(UdpCounter.SEGMENTING_REFUSED), "it is not asked again");
            assertEquals(0, rig.count(UdpCounter.SEGMENTED));
            rig.assertAllSent(25);
        }
    }

    /** How many messages come before the first that is to be taken apart; no other has a control message here. */
    private static int leadingSingles(long headers, int count) {
        int singles = 0;
        while (singles < count
                && Memory.getLong(
                                headers + (long) singles * SocketLayout.MMSGHDR_SIZE + SocketLayout.MSG_CONTROL_LENGTH)
                        == 0) {
            singles++;
        }
        return singles;
    }

    @Test
    @RequiresNetNs
    void shouldSendEachByItselfThatThePathWouldFragment() throws Exception {
        try (TestNetwork network = TestNetwork.create()) {
            network.ipInside("link", "set", "lo", "mtu", "1500");
            try (Rig rig = network.inside(() -> new Rig(ALL))) {
                send(rig, equal(5, 2000), 0);
                assertArrived(rig, equal(5, 2000));
                assertEquals(1, rig.count(UdpCounter.SEGMENTING_REFUSED));
                send(rig, equal(5, 1999), 0);
                assertArrived(rig, equal(5, 1999));
                assertEquals(2, rig.count(UdpCounter.SEGMENTING_REFUSED));
                assertEquals(0, rig.count(UdpCounter.SEGMENTED));
                send(rig, equal(5, 1400), 0);
                assertArrived(rig, equal(5, 1400));
                assertEquals(1, rig.count(UdpCounter.SEGMENTED));
                rig.assertAllSent(15);
            }
        }
    }

    /** The path to one client says nothing about those to the others, though all are answered through one socket. */
    @Test
    @RequiresNetNs
    void shouldSendRunsToAClientThoughThoseToAnotherWereRefused() throws Exception {
        try (TestNetwork network = TestNetwork.create()) {
            network.ipInside("link", "set", "lo", "mtu", "1500");
            try (Rig rig = network.inside(() -> new Rig(ALL));
                    Listening listening = network.inside(() -> new Listening(rig));
                    TestClient other = network.inside(() -> new TestClient())) {
                answer(rig, listening, rig.peer);
                assertEquals(1, rig.count(UdpCounter.SEGMENTING_REFUSED));
                network.ipInside("link", "set", "lo", "mtu", "65536");
                answer(rig, listening, other);
                assertEquals(1, rig.count(UdpCounter.SEGMENTING_REFUSED));
                assertEquals(1, rig.count(UdpCounter.SEGMENTED));
            }
        }
    }

    /** Sends a client a run of datagrams. */
    private void answer(Rig rig, Listening listening, TestClient client) throws IOException {
        packet.reset(EventKind.DATA, 0);
        packet.ipVersion(4);
        packet.sourceLow(LOOPBACK);
        packet.sourcePort(client.address().getPort());
        packet.destinationLow(LOOPBACK);
        UdpSession session = new UdpSession(listening.sessions, listening.listener, packet, rig.socket);
        for (int i = 0; i < 5; i++) {
            fill(rig, i, 2000);
            packet.direction(Direction.TO_CLIENT);
            rig.queue.add(listening.listener.socket(), session, packet);
        }
        rig.queue.flush();
        assertArrived(client, equal(5, 2000));
    }

    private void send(Rig rig, List<Integer> lengths, int dscp) {
        for (int i = 0; i < lengths.size(); i++) {
            add(rig, i, lengths.get(i), dscp);
        }
        rig.queue.flush();
    }

    private void add(Rig rig, int number, int length, int dscp) {
        fill(rig, number, length);
        packet.direction(Direction.TO_BACKEND);
        packet.ingressDscp(dscp);
        rig.queue.add(rig.socket, null, packet);
    }

    private void fill(Rig rig, int number, int length) {
        long payload = rig.buffers.takeSlot();
        for (int i = 0; i < length; i++) {
            Memory.putByte(payload + i, (byte) number);
        }
        packet.reset(EventKind.DATA, 0);
        packet.lengthBytes(length);
        packet.payloadAddress(payload);
    }

    private static void assertArrived(Rig rig, List<Integer> lengths) throws IOException {
        assertArrived(rig.peer, lengths);
    }

    private static void assertArrived(TestClient peer, List<Integer> lengths) throws IOException {
        for (int i = 0; i < lengths.size(); i++) {
            byte[] wanted = new byte[lengths.get(i)];
            Arrays.fill(wanted, (byte) i);
            assertEquals(Arrays.toString(wanted), Arrays.toString(peer.receive().payload()), "datagram " + i);
        }
    }

    private static List<Integer> equal(int count, int length) {
        return Stream.generate(() -> length).limit(count).toList();
    }

    /** A queue, and a socket that is connected to a peer. */
    private static final class Rig implements AutoCloseable {
        private static final int BUFFERS = 1000;

        private final StuckShard shard = new StuckShard(TransportKind.EPOLL, 1);
        private final UdpCounters counters = new UdpCounters();
        private final PacketBuffers buffers = new PacketBuffers(BUFFERS, 1, false);
        private final NativeSendQueue queue;
        private final UdpOptions options = UdpOptions.forRings(2048, 1);
        private final PacketBuffers receiveBuffers = new PacketBuffers(BUFFERS, 1, false);
        private final NativeReceiver receiver = new NativeReceiver(shard, receiveBuffers, counters, options);
        private final TestClient peer = new TestClient();
        private final NativeUdpSocket.Factory factory;
        private final NativeUdpSocket socket;

        Rig(Offload offload) throws IOException {
            this(offload, new SocketCalls()::sendMany);
        }

        Rig(Offload offload, NativeSendQueue.Sender sender) throws IOException {
            queue = new NativeSendQueue(shard, buffers, counters, sender);
            InetSocketAddress to = peer.address();
            factory = new NativeUdpSocket.Factory(shard, receiver, new OpenSockets(), options, offload);
            socket = factory.connected(to);
        }

        long count(UdpCounter counter) {
            return counters.get(counter);
        }

        void assertAllSent(int packets) {
            assertEquals(packets, shard.books().outPackets(0, 0, Direction.TO_BACKEND));
            assertEquals(0, shard.books().heldPackets(0, 0, Direction.TO_BACKEND));
            assertEquals(0, shard.books().heldBytes(0, 0, Direction.TO_BACKEND));
            assertEquals(BUFFERS, buffers.freeSlots());
        }

        @Override
        public void close() throws IOException {
            socket.close();
            peer.close();
            queue.close();
            receiver.close();
            receiveBuffers.close();
            buffers.close();
            shard.close();
        }
    }

    /** A listener, and the sessions through which a rig answers its clients. */
    private static final class Listening implements AutoCloseable {
        private final UdpTransport relay;
        private final UdpListener listener;
        private final UdpSessions sessions;

        Listening(Rig rig) throws IOException {
            relay = new UdpTransport(rig.shard, rig.options);
            listener = relay.listen(new ListenerSpec(
                    0,
                    0,
                    UdpRig.at("127.0.0.1", 0),
                    UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", 9).build()));
            sessions = new UdpSessions(rig.shard, rig.buffers, rig.counters, rig.queue, rig.factory);
        }

        @Override
        public void close() {
            relay.close();
        }
    }
}
