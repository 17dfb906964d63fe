package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A session that moves. The test's thread is the egress's, as in pipelined placement. */
@Timeout(60)
class UdpReroutingTest {
    private static final int LENGTH = 5;

    private final PacketDescriptor packet =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private final StuckShard shard = new StuckShard(TransportKind.NIO, 1);
    private final UdpOptions options = UdpOptions.forRings(2048, 1);
    private final UdpCounters counters = new UdpCounters();
    private final PacketBuffers buffers = new PacketBuffers(10, 1, false);
    private final PacketBuffers receiveBuffers = new PacketBuffers(10, 1, false);
    private final NioReceiver receiver = new NioReceiver(shard, receiveBuffers, counters, options);
    private final NioSendQueue queue = new NioSendQueue(shard, buffers, counters);
    private final UdpTransport relay = new UdpTransport(shard, options);
    private final Opened opened = new Opened(new NioUdpSocket.Factory(shard, receiver, new OpenSockets(), options));
    private final UdpSessions sessions = new UdpSessions(shard, buffers, counters, queue, opened);
    private final TestClient first = new TestClient();
    private final TestClient second = new TestClient();
    private UdpListener listener;

    UdpReroutingTest() throws IOException {}

    @BeforeEach
    void listen() throws IOException {
        listener = relay.listen(new ListenerSpec(
                0,
                0,
                UdpRig.at("127.0.0.1", 0),
                UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", 9).build()));
    }

    @AfterEach
    void close() throws Exception {
        for (NioUdpSocket socket : opened.sockets) {
            shard.loop().submit(socket::close).get();
        }
        relay.close();
        queue.close();
        receiver.close();
        shard.close();
        receiveBuffers.close();
        buffers.close();
        first.close();
        second.close();
    }

    /** The error waits for the loop, as it does when the loop is yet to read it, while the session moves on. */
    @Test
    void shouldBlameTheBackendThatTheSocketWasConnectedTo() throws Exception {
        shard.place(0, first.address());
        shard.place(1, second.address());
        send(0);
        shard.loop().submit(() -> {}).get();
        CountDownLatch moved = new CountDownLatch(1);
        shard.loop().execute(() -> await(moved));
        opened.sockets.getFirst().refused();
        send(1);
        moved.countDown();
        shard.loop().submit(() -> {}).get();
        assertEquals(List.of(new UdpRig.Signal(0, Errno.ECONNREFUSED)), List.copyOf(shard.signals()));
        assertEquals(EventKind.ICMP_ERROR, shard.taken().getFirst().kind());
        assertEquals(0, shard.taken().getFirst().backend());
        assertEquals(LENGTH, second.receive().payload().length, "the session has moved");
    }

    /** As when the backend's name has come to mean another address. */
    @Test
    void shouldFollowItsBackendToAnotherAddress() throws Exception {
        shard.place(0, first.address());
        send(0);
        send(0);
        assertEquals(LENGTH, first.receive().payload().length);
        assertEquals(LENGTH, first.receive().payload().length);
        assertEquals(1, opened.sockets.size(), "one socket, while the address stays");

        shard.place(0, second.address());
        send(0);
        send(0);
        assertEquals(LENGTH, second.receive().payload().length);
        assertEquals(LENGTH, second.receive().payload().length);
        assertEquals(2, opened.sockets.size());
        assertEquals(1, counters.get(UdpCounter.SESSIONS_REROUTED));
    }

    private void send(int backend) {
        packet.reset(EventKind.DATA, 0);
        packet.payloadAddress(buffers.takeSlot());
        packet.lengthBytes(LENGTH);
        packet.direction(Direction.TO_BACKEND);
        packet.ipVersion(4);
        packet.flowRef(1);
        packet.backend(backend);
        sessions.forward(listener, packet);
        queue.flush();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Keeps the sockets that were opened. */
    private static final class Opened implements UdpSocketFactory {
        private final NioUdpSocket.Factory factory;
        private final List<NioUdpSocket> sockets = new ArrayList<>();

        Opened(NioUdpSocket.Factory factory) {
            this.factory = factory;
        }

        @Override
        public NioUdpSocket bound(InetSocketAddress wanted) throws IOException {
            return factory.bound(wanted);
        }

        @Override
        public NioUdpSocket connected(InetSocketAddress backend) throws IOException {
            NioUdpSocket socket = factory.connected(backend);
            sockets.add(socket);
            return socket;
        }
    }
}
