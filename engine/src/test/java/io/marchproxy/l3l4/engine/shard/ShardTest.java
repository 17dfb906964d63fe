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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring, its placements and the egress, with a session that only remembers what it was told. */
@Timeout(60)
class ShardTest {
    private static final int DATAGRAMS = 100_000;
    private static final int BYTES = 100;
    private static final int RING_SLOTS = 2048;

    private final DistinctErrors errors = new DistinctErrors();

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
            Recorder session = new Recorder(shard, 2);
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

    /** Health flips stand among the datagrams, and must count from where they stand, whatever the batch that they came in. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDecideTheSameHoweverEventsArriveTogether(boolean pipelined) throws Exception {
        List<Integer> oneByOne = decisions(pipelined, 1);
        assertTrue(oneByOne.contains(-5), oneByOne::toString);
        assertTrue(oneByOne.contains(15), oneByOne::toString);
        for (int burst : new int[] {7, 64, 500}) {
            assertEquals(oneByOne, decisions(pipelined, burst), "bursts of " + burst);
        }
    }

    /** Of each datagram its number when it was forwarded, or the negative number when it was dropped. */
    private List<Integer> decisions(boolean pipelined, int burst) throws Exception {
        int datagrams = 1_000;
        Shard shard = shard(pipelined, TimeUnit.HOURS.toNanos(1));
        try {
            Recorder session = new Recorder(shard, datagrams);
            shard.loop().execute(() -> {
                for (int i = 0; i < datagrams; i++) {
                    if (i % 10 == 3) {
                        PacketDescriptor flip = shard.ingress().claim();
                        flip.reset(EventKind.HEALTH, shard.ingress().nowNs());
                        flip.backend(7);
                        flip.argument0(i / 10 % 2);
                        shard.ingress().publish();
                    }
                    datagram(shard, session, i);
                    if ((i + 1) % burst == 0) {
                        shard.ingress().settle();
                    }
                }
                shard.ingress().settle();
            });
            assertTrue(session.all.await(30, TimeUnit.SECONDS), () -> session.seen.size() + " came");
            return List.copyOf(session.seen);
        } finally {
            shard.close();
        }
    }

    @Test
    void shouldHandleEachEventOnceHoweverMuchItsEndpointReportsBack() throws Exception {
        Shard shard = shard(false, TimeUnit.HOURS.toNanos(1));
        try {
            Recorder session = new Recorder(shard, DATAGRAMS);
            session.reportsEach = 3;
            shard.loop().execute(() -> {
                for (int i = 0; i < DATAGRAMS; i++) {
                    datagram(shard, session, i);
                }
                shard.ingress().settle();
            });
            assertTrue(session.all.await(30, TimeUnit.SECONDS), () -> session.seen.size() + " came");
            ShardBooks books = shard.books().get(10, TimeUnit.SECONDS);
            for (int i = 0; i < DATAGRAMS; i++) {
                assertEquals(i, session.seen.get(i));
            }
            assertEquals(DATAGRAMS, books.pipeline().inPackets(0, 2, Direction.TO_BACKEND));
            assertEquals(0, errors.total());
        } finally {
            shard.close();
        }
    }

    @Test
    void shouldNotSayThatSettingsAreInForceBeforeTheStagesHaveThem() throws Exception {
        Shard shard = shard(true, TimeUnit.HOURS.toNanos(1));
        try {
            Recorder session = new Recorder(shard, RING_SLOTS + 2);
            session.mayGoOn.acquire();
            shard.loop().execute(() -> {
                for (int i = 0; i < RING_SLOTS + 2; i++) {
                    datagram(shard, session, i);
                }
                shard.ingress().settle();
            });
            CompletableFuture<Void> inForce = shard.configure(settings(2, TimeUnit.HOURS.toNanos(1)));
            CompletableFuture<Void> shared = shard.quota(0, 5);
            shard.loop().submit(() -> {}).sync();
            assertFalse(inForce.isDone());
            assertFalse(shared.isDone());
            session.mayGoOn.release();
            inForce.get(30, TimeUnit.SECONDS);
            shared.get(30, TimeUnit.SECONDS);
            assertEquals(2, shard.pipeline().settings().version());
        } finally {
            shard.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTellItsBooksAlsoWhenItIsClosed(boolean pipelined) throws Exception {
        Shard shard = shard(pipelined, TimeUnit.HOURS.toNanos(1));
        Recorder session = new Recorder(shard, 1);
        shard.loop().execute(() -> {
            datagram(shard, session, 0);
            shard.ingress().settle();
        });
        assertTrue(session.all.await(30, TimeUnit.SECONDS));
        shard.close();
        ShardBooks books = shard.books().get(10, TimeUnit.SECONDS);
        assertEquals(1, books.pipeline().inPackets(0, 2, Direction.TO_BACKEND));
        assertEquals(1, books.egress().outPackets(0, 2, Direction.TO_BACKEND));
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

    private Shard shard(boolean pipelined, long sessionTimeoutNs) {
        ShardOptions options = new ShardOptions(0, TransportKind.NIO, pipelined, RING_SLOTS, 1000, 1, List.of());
        return new Shard(
                options, settings(1, sessionTimeoutNs), new BackendDirectory(), (backend, errno) -> {}, errors);
    }

    private static PipelineSettings settings(int version, long sessionTimeoutNs) {
        return new PipelineSettings(
                version,
                "test",
                new ClassifySettings(
                        List.of(new ServiceProfile(0, "dns", 17, true, 2, sessionTimeoutNs, 1000, false, 0)),
                        List.of()),
                new ShapeSettings(1000, 1000, 1000, 1000),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of(new BackendPool(List.of(7), 1, TimeUnit.SECONDS.toNanos(1)))));
    }

    private static final class Recorder implements Endpoint, BatchedEgress {
        private final Shard shard;
        private final CountDownLatch all;
        private final CountDownLatch ended = new CountDownLatch(1);
        private final CountDownLatch dropped = new CountDownLatch(1);
        private final List<Integer> seen = new ArrayList<>();
        private volatile FlowEnd reason;
        private volatile DropReason dropReason;
        private final Semaphore mayGoOn = new Semaphore(1);
        private int reportsEach;
        private int flushes;
        private boolean dirty;

        Recorder(Shard shard, int expected) {
            this.shard = shard;
            this.all = new CountDownLatch(expected);
        }

        @Override
        public void forward(PacketDescriptor packet) {
            mayGoOn.acquireUninterruptibly();
            mayGoOn.release();
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
            for (int i = 0; i < reportsEach; i++) {
                PacketDescriptor report = shard.ingress().claim();
                report.reset(EventKind.BACKPRESSURE, shard.ingress().nowNs());
                report.endpoint(this);
                shard.ingress().publish();
                shard.ingress().settle();
            }
            all.countDown();
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason cause) {
            dropReason = cause;
            dropped.countDown();
            seen.add(-(int) packet.argument1());
            all.countDown();
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
