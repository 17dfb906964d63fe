package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring, its placements and the egress, with a session that only remembers what it was told. */
@Timeout(60)
class ShardTest {
    private static final int DATAGRAMS = 100_000;
    private static final int BYTES = 100;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCarryMoreThanTheRingHoldsInOrderAndBalanceTheBooks(boolean pipelined) throws Exception {
        Shard shard = shard(pipelined, TimeUnit.HOURS.toNanos(1));
        try {
            Recorder session = new Recorder(shard, DATAGRAMS);
            shard.loop().execute(() -> {
                for (int i = 0; i < DATAGRAMS; i++) {
                    datagram(shard, session, i);
                }
                shard.ingress().settle();
            });
            assertTrue(session.all.await(30, TimeUnit.SECONDS), () -> session.seen.size() + " came");
            for (int i = 0; i < DATAGRAMS; i++) {
                assertEquals(i, session.seen.get(i));
            }
            ShardBooks books = shard.books().get(10, TimeUnit.SECONDS);
            assertEquals(DATAGRAMS, books.pipeline().inPackets(0, 2, Direction.TO_BACKEND));
            assertEquals((long) DATAGRAMS * BYTES, books.egress().outBytes(0, 2, Direction.TO_BACKEND));
            assertTrue(session.flushes > 0);
            assertEquals(1, shard.perBackend().selections(7));
            assertEquals((long) DATAGRAMS * BYTES, shard.perBackend().bytesToBackend(7));
        } finally {
            shard.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEndASilentFlowByItsOwnTimer(boolean pipelined) throws Exception {
        Shard shard = shard(pipelined, TimeUnit.MILLISECONDS.toNanos(20));
        try {
            Recorder session = new Recorder(shard, 1);
            shard.loop().execute(() -> {
                datagram(shard, session, 0);
                shard.ingress().settle();
            });
            assertTrue(session.ended.await(30, TimeUnit.SECONDS));
            assertEquals(FlowEnd.IDLE, session.reason);
            assertEquals(0, shard.flows());
        } finally {
            shard.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDropWhenTheBackendIsNotHealthyAndGoOnWhenItIs(boolean pipelined) throws Exception {
        Shard shard = shard(pipelined, TimeUnit.HOURS.toNanos(1));
        try {
            Recorder session = new Recorder(shard, 1);
            shard.health(0, 7, false).get(10, TimeUnit.SECONDS);
            shard.loop().execute(() -> {
                datagram(shard, session, 0);
                shard.ingress().settle();
            });
            assertTrue(session.dropped.await(30, TimeUnit.SECONDS));
            assertEquals(DropReason.NO_HEALTHY_BACKEND, session.dropReason);
            assertFalse(shard.pipeline().health().healthy(7));
            shard.health(0, 7, true).get(10, TimeUnit.SECONDS);
            shard.loop().execute(() -> {
                datagram(shard, session, 0);
                shard.ingress().settle();
            });
            assertTrue(session.all.await(30, TimeUnit.SECONDS));
        } finally {
            shard.close();
        }
    }

    private static void datagram(Shard shard, Recorder session, int number) {
        PacketDescriptor packet = shard.ingress().claim();
        packet.reset(EventKind.DATA, shard.ingress().nowNs());
        packet.direction(Direction.TO_BACKEND);
        packet.protocol(17);
        packet.ipVersion(4);
        packet.service(0);
        packet.sourceLow(0x0a000001);
        packet.sourcePort(1234);
        packet.destinationLow(0x0a000002);
        packet.destinationPort(53);
        packet.lengthBytes(BYTES);
        packet.argument1(number);
        packet.endpoint(session);
        shard.ingress().publish();
    }

    private static Shard shard(boolean pipelined, long sessionTimeoutNs) {
        PipelineSettings settings = new PipelineSettings(
                1,
                "test",
                new ClassifySettings(
                        List.of(new ServiceProfile(0, "dns", 17, true, 2, sessionTimeoutNs, 1000, false, 0)),
                        List.of()),
                new ShapeSettings(1000, 1000, 1000, 1000),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of(new BackendPool(List.of(7), 1, TimeUnit.SECONDS.toNanos(1)))));
        ShardOptions options = new ShardOptions(0, TransportKind.NIO, pipelined, 2048, 1000, 1, List.of());
        return new Shard(options, settings, new BackendDirectory(), (backend, errno) -> {}, new DistinctErrors());
    }

    private static final class Recorder implements Endpoint, BatchedEgress {
        private final Shard shard;
        private final CountDownLatch all;
        private final CountDownLatch ended = new CountDownLatch(1);
        private final CountDownLatch dropped = new CountDownLatch(1);
        private final List<Integer> seen = new ArrayList<>();
        private volatile FlowEnd reason;
        private volatile DropReason dropReason;
        private int flushes;
        private boolean dirty;

        Recorder(Shard shard, int expected) {
            this.shard = shard;
            this.all = new CountDownLatch(expected);
        }

        @Override
        public void forward(PacketDescriptor packet) {
            shard.egress().bind(packet.flowRef(), this);
            assertEquals(18, packet.egressDscp());
            shard.egress()
                    .books()
                    .out(packet.service(), packet.trafficClass(), packet.direction(), 1, packet.lengthBytes());
            seen.add((int) packet.argument1());
            if (!dirty) {
                dirty = true;
                shard.egress().dirty(this);
            }
            all.countDown();
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason cause) {
            dropReason = cause;
            dropped.countDown();
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd end) {
            reason = end;
            ended.countDown();
        }

        @Override
        public void flush() {
            dirty = false;
            flushes++;
        }
    }
}
