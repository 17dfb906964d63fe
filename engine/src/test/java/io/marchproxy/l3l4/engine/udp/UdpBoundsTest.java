package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when ring or buffers are full: datagrams are dropped and counted, and the reading goes on. */
@Timeout(60)
class UdpBoundsTest {
    private static final int SLOTS = 8;
    private static final int P3 = 3;
    private static final int LONG = 5_000;

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
