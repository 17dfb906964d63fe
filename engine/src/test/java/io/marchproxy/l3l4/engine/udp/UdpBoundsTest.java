package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.BufferRing;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when ring or buffers are full: datagrams are dropped and counted, and the reading goes on. */
@Timeout(60)
class UdpBoundsTest {
    private static final int SLOTS = 8;
    private static final int P3 = 3;
    private static final int LONG = 5_000;
    private static final int NO_SOCKET = -1;

    @ParameterizedTest
    @EnumSource
    void shouldDropAndCountWhatTheRingHasNoSlotFor(TransportKind transport) throws Exception {
        try (StuckShard shard = new StuckShard(transport, SLOTS);
                UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1));
                TestClient client = new TestClient()) {
            UdpListener listener = listen(relay);
            for (int i = 0; i < 20; i++) {
                client.send("number " + i, listener.address());
            }
            awaitDropped(shard, DropReason.RING_FULL, 20 - SLOTS);
            assertEquals(20 - SLOTS, shard.books().inPackets(0, P3, Direction.TO_BACKEND));
            assertEquals(
                    shard.books().inBytes(0, P3, Direction.TO_BACKEND),
                    shard.books().droppedBytes(0, P3, Direction.TO_BACKEND, DropReason.RING_FULL));
            for (int i = 0; i < SLOTS; i++) {
                PacketDescriptor packet = shard.taken().get(i);
                assertEquals("number 0".length(), packet.lengthBytes());
                assertEquals('0' + i, Memory.getByte(packet.payloadAddress() + "number ".length()));
                assertEquals(client.address().getPort(), packet.sourcePort());
                assertEquals(listener.address().getPort(), packet.destinationPort());
                assertEquals(0x7f000001, packet.destinationLow());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldDropAndCountLongDatagramsWhenNoLongBufferIsFree(TransportKind transport) throws Exception {
        UdpOptions options = new UdpOptions(1_000, 3, 2, 1 << 20, 1 << 20, 256);
        try (StuckShard shard = new StuckShard(transport, SLOTS);
                UdpTransport relay = new UdpTransport(shard, options);
                TestClient client = new TestClient()) {
            UdpListener listener = listen(relay);
            for (int i = 0; i < 5; i++) {
                client.send(new byte[LONG + i], listener.address());
            }
            client.send("short ones still pass", listener.address());
            awaitDropped(shard, DropReason.TRUNCATED, 2);
            Await.until(
                    "the short one came", UdpRig.DEADLINE, () -> shard.taken().size() == 4);
            assertEquals(2, relay.counters().get(UdpCounter.TRUNCATED));
            assertEquals(5, relay.counters().get(UdpCounter.JUMBO));
            assertEquals(
                    2L * LONG + 3 + 4, shard.books().droppedBytes(0, P3, Direction.TO_BACKEND, DropReason.TRUNCATED));
            for (int i = 0; i < 3; i++) {
                assertEquals(LONG + i, shard.taken().get(i).lengthBytes());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldDropAndCountWhenNoShortBufferIsFree(TransportKind transport) throws Exception {
        UdpOptions options = new UdpOptions(2 * DatagramReceiver.BATCH, 1, 2, 1 << 20, 1 << 20, 16);
        int free = transport == TransportKind.EPOLL ? DatagramReceiver.BATCH : 2 * DatagramReceiver.BATCH;
        try (StuckShard shard = new StuckShard(transport, 1_000);
                UdpTransport relay = new UdpTransport(shard, options);
                TestClient client = new TestClient()) {
            UdpListener listener = listen(relay);
            for (int i = 0; i < 200; i++) {
                client.send("number " + i, listener.address());
            }
            awaitDropped(shard, DropReason.TRUNCATED, 200 - free);
            assertEquals(free, shard.taken().size());
            assertTrue(shard.taken().stream()
                            .mapToLong(PacketDescriptor::payloadAddress)
                            .distinct()
                            .count()
                    == free);
        }
    }

    /** What waits stays out of the way of what comes: half of io_uring's buffers always remain for that. */
    @Test
    void shouldMoveOutOfTheRingWhatWouldStarveTheReceiver() throws Exception {
        int count = 50;
        int lent = 3; // the fourth of eight buffers would leave no more than half in place
        UdpOptions options = new UdpOptions(1_000, 3, 8, 1 << 20, 1 << 20, 256);
        try (StuckShard shard = new StuckShard(TransportKind.IO_URING, count);
                UdpTransport relay = new UdpTransport(shard, options);
                TestClient client = new TestClient()) {
            UdpListener listener = listen(relay);
            for (int i = 0; i < count; i++) {
                client.send("number " + i, listener.address());
            }
            Await.until("all came", UdpRig.DEADLINE, () -> shard.taken().size() == count);
            assertEquals(count - lent, relay.counters().get(UdpCounter.MOVED));
            for (int i = 0; i < count; i++) {
                PacketDescriptor packet = shard.taken().get(i);
                assertEquals("number " + i, text(packet));
            }
            assertEquals(
                    lent, shard.loop().submit(() -> relay.buffers().lentOut()).get());
        }
    }

    @Test
    void shouldReadByReadinessWhereIoUringTakesNoBuffers() throws Exception {
        try (StuckShard shard = new StuckShard(TransportKind.IO_URING, SLOTS)) {
            // The second ring of the same number is refused: EEXIST.
            BufferRing first = BufferRing.open(shard.loop(), 2, 4096);
            try (UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1));
                    TestClient client = new TestClient()) {
                client.send("by readiness", listen(relay).address());
                Await.until("it came", UdpRig.DEADLINE, () -> shard.taken().size() == 1);
                assertEquals("by readiness", text(shard.taken().getFirst()));
                assertEquals(
                        0, shard.loop().submit(() -> relay.buffers().lentOut()).get());
            } finally {
                first.close();
            }
        }
    }

    @Test
    void shouldCountThatIoUringDoesNotReceiveFromASocket() throws Exception {
        try (StuckShard shard = new StuckShard(TransportKind.IO_URING, SLOTS);
                UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1))) {
            UdpListener listener = listen(relay);
            RingReceiver receiver = (RingReceiver) relay.receiver();
            RingReading reading = shard.loop()
                    .submit(() -> new RingReading(shard.loop(), receiver, NO_SOCKET, listener))
                    .get();
            Await.until(
                    "it was asked again",
                    UdpRig.DEADLINE,
                    () -> relay.counters().get(UdpCounter.RECEIVING_REFUSED) > 1);
            CompletableFuture<Void> closed = new CompletableFuture<>();
            shard.loop().execute(() -> reading.close(() -> closed.complete(null)));
            closed.get();
        }
    }

    /** The kernel itself refuses: room for more control messages than there can be. */
    @Test
    void shouldReadByReadinessWhatIoUringRefusesForGood() throws Exception {
        try (StuckShard shard = new StuckShard(TransportKind.IO_URING, SLOTS);
                UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1));
                TestClient client = new TestClient()) {
            RingReceiver receiver = (RingReceiver) relay.receiver();
            Memory.putLong(receiver.header() + SocketLayout.MSG_CONTROL_LENGTH, Integer.MAX_VALUE);
            InetSocketAddress address = listen(relay).address();
            client.send("before", address);
            Await.until("it came", UdpRig.DEADLINE, () -> shard.taken().size() == 1);
            client.send("behind", address);
            Await.until("the next came", UdpRig.DEADLINE, () -> shard.taken().size() == 2);
            assertEquals("before", text(shard.taken().getFirst()));
            assertEquals("behind", text(shard.taken().getLast()));
            assertEquals(RingReading.REFUSALS, relay.counters().get(UdpCounter.RECEIVING_REFUSED));
            assertEquals(0, shard.loop().submit(() -> relay.buffers().lentOut()).get());
        }
    }

    @Test
    void shouldTakeMergedDatagramsApartThatIoUringDoesNotReceive() throws Exception {
        int datagrams = 5;
        try (StuckShard shard = new StuckShard(TransportKind.IO_URING, SLOTS);
                UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1));
                BurstPeer peer = new BurstPeer()) {
            RingReceiver receiver = (RingReceiver) relay.receiver();
            Memory.putLong(receiver.header() + SocketLayout.MSG_CONTROL_LENGTH, Integer.MAX_VALUE);
            InetSocketAddress address = listen(relay).address();
            peer.send(new byte[datagrams * 100], 100, address);
            Await.until("all came", UdpRig.DEADLINE, () -> shard.taken().size() == datagrams);
            shard.taken().forEach(packet -> assertEquals(100, packet.lengthBytes()));
            assertEquals(1, relay.counters().get(UdpCounter.MERGED));
        }
    }

    /** Else its number might be another's by the time that the egress thread sends the last answers. */
    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldKeepAListenersSocketUntilNothingIsSentAnyMore(TransportKind transport) throws Exception {
        try (StuckShard shard = new StuckShard(transport, SLOTS);
                UdpTransport relay = new UdpTransport(shard, UdpOptions.forRings(SLOTS, 1))) {
            listen(relay);
            CompletableFuture<Void> lastSent = shard.delayEnd();
            Thread closing = Thread.ofPlatform().start(relay::close);
            Await.until(
                    "the end is on its way",
                    UdpRig.DEADLINE,
                    () -> shard.loop().submit(() -> !shard.taken().isEmpty()).get());
            assertEquals(1, relay.openSockets());
            lastSent.complete(null);
            closing.join();
            assertEquals(0, relay.openSockets());
        }
    }

    private static String text(PacketDescriptor packet) {
        byte[] bytes = new byte[packet.lengthBytes()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Memory.getByte(packet.payloadAddress() + i);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static UdpListener listen(UdpTransport relay) throws Exception {
        ServiceSettings service = ServiceSettings.builder("s")
                .listen(Protocol.UDP, "127.0.0.1", 0)
                .backend("b", "127.0.0.1", 9)
                .build();
        UdpListener listener = relay.listen(new ListenerSpec(0, 0, UdpRig.at("127.0.0.1", 0), service));
        listener.start();
        return listener;
    }

    private static void awaitDropped(StuckShard shard, DropReason reason, int packets) {
        Await.value(
                "dropped for " + reason,
                UdpRig.DEADLINE,
                () -> shard.books().droppedPackets(0, P3, Direction.TO_BACKEND, reason),
                dropped -> dropped == packets);
    }
}
