package io.marchproxy.l3l4.engine.quota;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.Color;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real shape stages side by side in virtual time, and the balancer between them: the whole keeps to its rate, and has all of it. */
class RateBalancerTest {
    private static final long MBIT = 1_000_000;
    private static final long MS = 1_000_000;
    private static final long TURN_NS = 10 * MS;
    private static final int FRAME = 1_250;
    private static final int BURST = 64 << 10;
    private static final int UDP = 17;

    private final List<Side> sides = new ArrayList<>();

    /** One shard: its stage, and a sender for each service, so many megabits a second. */
    private static final class Side implements RateBalancer.Member {
        private final Arena arena = Arena.ofAuto();
        private final PacketDescriptor packet =
                new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        private final OffHeapFlowTable flows = new OffHeapFlowTable(64, 1, arena);
        private final ShapeStage stage;
        private final double[] mbit;
        private final long[] flowRefs;
        private final double[] nextNs;
        private final long[] in;
        private final long[] held;
        private final long[] out;
        private long nowNs;

        Side(ShapeSettings settings, double... mbit) {
            stage = new ShapeStage(settings, flows);
            this.mbit = mbit;
            nextNs = new double[mbit.length];
            in = new long[mbit.length];
            held = new long[mbit.length];
            out = new long[mbit.length];
            flowRefs = new long[mbit.length];
            for (int i = 0; i < mbit.length; i++) {
                packet.reset(EventKind.DATA, 0);
                packet.sourceLow(i);
                packet.service(i);
                flowRefs[i] = flows.insert(packet);
            }
        }

        void run(long untilNs) {
            for (int i = nextSender(); nextNs[i] <= untilNs; i = nextSender()) {
                nowNs = Math.max(nowNs, (long) nextNs[i]);
                release(nowNs);
                nextNs[i] += FRAME * 8e3 / mbit[i];
                send(i);
            }
            release(untilNs);
            nowNs = untilNs;
        }

        private void send(int service) {
            packet.reset(EventKind.DATA, nowNs);
            packet.protocol(UDP);
            packet.service(service);
            packet.trafficClass(3);
            packet.lengthBytes(FRAME);
            packet.rule(1);
            packet.flowRef(flowRefs[service]);
            Verdict verdict = stage.process(packet, nowNs);
            in[service] += FRAME;
            if (verdict == Verdict.CONTINUE) {
                out[service] += FRAME;
            } else if (verdict == Verdict.HOLD) {
                held[service] += FRAME;
            }
        }

        private int nextSender() {
            int next = 0;
            for (int i = 1; i < nextNs.length; i++) {
                next = nextNs[i] < nextNs[next] ? i : next;
            }
            return next;
        }

        private void release(long untilNs) {
            for (long dueNs = stage.nextReleaseNs(); dueNs <= untilNs; dueNs = stage.nextReleaseNs()) {
                PacketDescriptor released = stage.next(dueNs);
                if (released != null) {
                    held[released.service()] -= FRAME;
                    out[released.service()] += FRAME;
                    stage.released();
                }
            }
        }

        @Override
        public long inBytes(int service, int trafficClass, Direction direction) {
            return trafficClass == 3 && direction == Direction.TO_BACKEND ? in[service] : 0;
        }

        @Override
        public long policedBytes(int policer, Direction direction) {
            return Arrays.stream(Color.values())
                    .mapToLong(color -> stage.policed().bytes(policer, direction, color))
                    .sum();
        }

        @Override
        public long heldBytes(int service, int trafficClass, Direction direction) {
            return trafficClass == 3 && direction == Direction.TO_BACKEND ? held[service] : 0;
        }

        @Override
        public CompletableFuture<Void> share(Direction direction, ShareOf of, int which, int share) {
            stage.share(direction, of, which, share, nowNs);
            return CompletableFuture.completedFuture(null);
        }
    }

    private static ShapeSettings settings(int shards, long link, ServiceLimits... services) {
        ClassLimits one = new ClassLimits(1_000, RateLimit.NONE);
        return new ShapeSettings(limit(link), List.of(one, one, one, one), List.of(services), shards);
    }

    private static RateLimit limit(long mbit) {
        return mbit == 0 ? RateLimit.NONE : new RateLimit(mbit * MBIT, BURST);
    }

    private void run(RateBalancer balancer, long fromNs, long untilNs) {
        for (long ns = fromNs + TURN_NS; ns <= untilNs; ns += TURN_NS) {
            long nowNs = ns;
            sides.forEach(side -> side.run(nowNs));
            balancer.turn();
        }
    }

    private RateBalancer balancer(ShapeSettings settings) {
        RateBalancer balancer = new RateBalancer(sides, Runnable::run);
        balancer.settings(settings);
        return balancer;
    }

    private double mbit(int service, long inNs) {
        return sides.stream().mapToLong(side -> side.out[service]).sum() * 8e3 / inNs;
    }

    @ParameterizedTest
    @CsvSource({"1, 300", "2, 150;150", "2, 300;0.1", "4, 75;75;75;75", "4, 300;0.1;0.1;0.1", "4, 200;60;30;10"})
    void shouldHoldForTheWholeHoweverTheFlowsAreSpread(int shards, String loads) {
        ShapeSettings settings = settings(shards, 0, new ServiceLimits(limit(100), limit(100)));
        for (String load : loads.split(";", -1)) {
            sides.add(new Side(settings, Double.parseDouble(load)));
        }
        RateBalancer balancer = balancer(settings);
        run(balancer, 0, 100 * MS);
        sides.forEach(side -> Arrays.fill(side.out, 0));

        run(balancer, 100 * MS, 1_100 * MS);

        assertEquals(100, mbit(0, 1_000 * MS), 2);
    }

    @ParameterizedTest
    @CsvSource({"1, 300", "2, 150;150", "2, 300;0.1", "4, 75;75;75;75", "4, 300;0.1;0.1;0.1", "4, 200;60;30;10"})
    void shouldPoliceTheWholeHoweverTheFlowsAreSpread(int shards, String loads) {
        ShapeSettings none = settings(shards, 0);
        PoliceSettings police = new PoliceSettings(
                3, 0, limit(100), 0, RateLimit.NONE, PoliceSettings.PASS, PoliceSettings.DROP, PoliceSettings.DROP);
        ShapeSettings settings = new ShapeSettings(
                none.link(), none.classes(), none.services(), shards, CodelSettings.OFF, List.of(police));
        for (String load : loads.split(";", -1)) {
            sides.add(new Side(settings, Double.parseDouble(load)));
        }
        RateBalancer balancer = balancer(settings);
        run(balancer, 0, 100 * MS);
        sides.forEach(side -> Arrays.fill(side.out, 0));

        run(balancer, 100 * MS, 1_100 * MS);

        assertEquals(100, mbit(0, 1_000 * MS), 2);
    }

    @Test
    void shouldNeverLetMorePassThanTheWholeWhileSharesMove() {
        ShapeSettings settings = settings(2, 0, new ServiceLimits(limit(100), limit(100)));
        sides.add(new Side(settings, 300));
        sides.add(new Side(settings, 0.1));
        RateBalancer balancer = balancer(settings);
        for (long ns = TURN_NS; ns <= 2_000 * MS; ns += TURN_NS) {
            // The traffic moves from one shard to the other and back.
            boolean isSecond = ns / (70 * MS) % 2 == 1;
            long beganNs = ns - TURN_NS;
            sides.get(0).mbit[0] = isSecond ? 0.1 : 300;
            sides.get(1).mbit[0] = isSecond ? 300 : 0.1;
            sides.forEach(side -> Arrays.setAll(side.nextNs, i -> beganNs));
            run(balancer, beganNs, ns);
            double most = BURST * 8 + 100e6 * ns * 1e-9 + 2 * FRAME * 8;
            assertTrue(mbit(0, ns) * ns / 1e3 <= most, mbit(0, ns) + " Mbit/s");
        }
        assertTrue(mbit(0, 2_000 * MS) > 75, "most of it is used all the same: " + mbit(0, 2_000 * MS));
    }

    /** A service with a guarantee has its flows on one shard, others flood both. */
    @Test
    void shouldKeepAGuaranteeOnTheShardWhereItsTrafficIs() {
        ShapeSettings settings =
                settings(2, 100, new ServiceLimits(limit(60), RateLimit.NONE, RateLimit.NONE), ServiceLimits.NONE);
        sides.add(new Side(settings, 100, 100));
        sides.add(new Side(settings, 0.1, 300));
        RateBalancer balancer = balancer(settings);
        run(balancer, 0, 200 * MS);
        sides.forEach(side -> Arrays.fill(side.out, 0));

        run(balancer, 200 * MS, 1_200 * MS);

        assertTrue(mbit(0, 1_000 * MS) >= 0.98 * 60, mbit(0, 1_000 * MS) + " Mbit/s");
        assertEquals(100, mbit(0, 1_000 * MS) + mbit(1, 1_000 * MS), 2);
    }

    @Test
    void shouldNeverShareOutMoreThanTheWhole() {
        int[] now = RateShares.even(3);
        for (double first = 0; first < 20; first++) {
            int[] wanted = RateShares.wanted(now, new double[] {first, 7, 1_000 - first}, new double[] {0.3, 0.5, 0.2});
            assertTrue(Arrays.stream(wanted).sum() <= ShareOf.WHOLE);
            assertTrue(Arrays.stream(wanted).allMatch(share -> share >= ShareOf.WHOLE / 512));
        }
        assertSame(now, RateShares.wanted(now, new double[3], new double[3]), "nobody wants anything");
        assertSame(now, RateShares.wanted(now, new double[] {5, 5, 5}, new double[3]), "nothing worth telling");
        assertArrayEquals(new int[] {21_845, 21_845, 21_845}, now);
    }
}
