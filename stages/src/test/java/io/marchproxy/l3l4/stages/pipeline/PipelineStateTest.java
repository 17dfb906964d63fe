package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A pipeline that takes over another's state decides from there on as the other does: packets that wait, timers, turns, health. */
class PipelineStateTest {
    private static final int CAPACITY = 40;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int BEFORE = 400;
    private static final int AFTER = 2_000;

    private final PacketDescriptor event = TestPackets.descriptor();
    private long nowNs = 1_000_000_000L;

    /** The settings in force, and how often others were while something waited. */
    private PipelineSettings inForce = TestSettings.initial();

    private int reloads;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 20_261_126})
    void shouldGoOnWhereAnotherWas(long seed) {
        goOn(seed, TestSettings.initial().route());
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldGoOnChoosingAsAnotherDid(RouteAlgorithm algorithm) {
        for (boolean isSticky : new boolean[] {false, true}) {
            RouteChoice choice = RouteChoice.of(algorithm)
                    .withSticky(isSticky)
                    .withSlowStartNs(SECOND_NS)
                    .withPanicPercent(isSticky ? 60 : 0)
                    .withDailyBudget(1e-4);
            List<BackendPool> pools = new ArrayList<>();
            for (BackendPool pool : TestSettings.pools()) {
                List<PoolMember> members = pool.members().stream()
                        .map(member -> new PoolMember(
                                member.number(), member.identity(), true, 2, 5, member.number() % 2, 9, 0.1, 7))
                        .toList();
                pools.add(new BackendPool(members, choice, pool.connectTries(), pool.connectTotalNs()));
            }
            goOn(algorithm.ordinal() + 100L, new RouteSettings(5, 0, pools));
        }
    }

    private void goOn(long seed, RouteSettings routes) {
        Random random = new Random(seed);
        TestFlowTable flows = new TestFlowTable(CAPACITY);
        Lines was = new Lines();
        inForce = settings(routes, 0);
        Pipeline original = new Pipeline(inForce, flows, was, was);
        int held = 0;
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < BEFORE; i++) {
                fill(random, was);
                original.handle(event);
            }
            held += waiting(original);
            SavedState saved = new SavedState();
            original.save(saved);
            Lines is = new Lines();
            Pipeline other = new Pipeline(inForce, flows.copy(), is, is);
            other.restore(saved.read());
            assertTrue(saved.isEmpty(), "all that was written belongs to somebody");

            was.lines.clear();
            for (int i = 0; i < AFTER / 20; i++) {
                fill(random, was);
                PacketDescriptor copy = TestPackets.descriptor();
                Memory.copy(event.address(), copy.address(), DescriptorLayout.SIZE);
                copy.endpoint(event.endpoint());
                original.handle(event);
                other.handle(copy);
            }
            assertEquals(was.lines, is.lines, "seed " + seed + ", round " + round);
        }
        assertTrue(held > 0, "something waits at a save");
        assertTrue(reloads > 100 && moved(original) > 10, reloads + " reloads moved " + moved(original) + " packets");
    }

    @Test
    void shouldRefuseAStateThatIsNotThisPipelines() {
        SavedState saved = new SavedState();
        saved.number(1);

        assertThrows(IllegalStateException.class, () -> {
            Lines lines = new Lines();
            new Pipeline(TestSettings.initial(), new TestFlowTable(CAPACITY), lines, lines).restore(saved.read());
        });
    }

    /** Others than before in nothing but which class a packet is of. */
    private static PipelineSettings settings(RouteSettings routes, int variant) {
        PipelineSettings initial = TestSettings.initial();
        RateLimit some = new RateLimit(2_000_000, 1_500);
        ShapeSettings shape = new ShapeSettings(
                new RateLimit(5_000_000, 1_500),
                initial.shape().classes(),
                List.of(new ServiceLimits(some, some), new ServiceLimits(some, RateLimit.NONE, RateLimit.NONE)),
                1,
                new CodelSettings(200_000, 2_000_000));
        ClassifySettings classify = variant == 0
                ? initial.classify()
                : new ClassifySettings(
                        TestSettings.services(),
                        List.of(
                                rule(variant / 4, new NumberRange(variant * 40, 600)),
                                rule(variant % 4, new NumberRange(variant * 50, 100_000)),
                                rule(3 - variant % 4, null)));
        return new PipelineSettings(
                initial.version() + variant, initial.hash(), classify, shape, initial.mark(), routes);
    }

    private static ClassifyRule rule(int trafficClass, @Nullable NumberRange length) {
        return new ClassifyRule(-1, null, null, null, -1, -1, -1, -1, -1, trafficClass, -1, length, null);
    }

    private static long moved(Pipeline pipeline) {
        long sum = 0;
        for (int service = 0; service < 4; service++) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    sum += Math.abs(pipeline.books().movedPackets(service, trafficClass, direction));
                }
            }
        }
        return sum;
    }

    private static int waiting(Pipeline pipeline) {
        int sum = 0;
        for (int service = 0; service < 4; service++) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    sum += (int) pipeline.books().heldPackets(service, trafficClass, direction);
                }
            }
        }
        return sum;
    }

    private void fill(Random random, Lines seen) {
        nowNs += random.nextInt(60) == 0 ? 3_000_000_000L : random.nextInt(30_000);
        event.reset(EventKind.DATA, nowNs);
        event.lengthBytes(random.nextInt(1_000));
        event.ingressTos(random.nextInt(256));
        switch (random.nextInt(13)) {
            case 11 -> {
                if (random.nextInt(4) == 0) {
                    inForce = settings(inForce.route(), random.nextInt(16));
                    event.kind(EventKind.CONFIG);
                    event.endpoint(inForce);
                    reloads++;
                } else {
                    fromClient(random, 1 + random.nextInt(2), TestSettings.UDP);
                }
            }
            case 12 -> {
                event.kind(EventKind.MEASURED);
                event.backend(random.nextInt(22));
                event.argument0(random.nextInt(20_000_000));
                event.argument1(random.nextInt(1_000_001));
            }
            case 0 -> {
                event.kind(EventKind.HEALTH);
                event.backend(random.nextInt(22));
                event.argument0(random.nextInt(2));
            }
            case 1 -> {
                event.kind(EventKind.QUOTA);
                event.service(random.nextInt(3));
                event.argument0(random.nextInt(6));
            }
            case 2, 3 -> {
                event.kind(EventKind.OPEN);
                fromClient(random, TestSettings.WEB, TestSettings.TCP);
            }
            case 4, 5, 6 -> ofFlow(random, seen);
            default -> fromClient(random, 1 + random.nextInt(2), TestSettings.UDP);
        }
    }

    private void fromClient(Random random, int service, int protocol) {
        event.service(service);
        event.protocol(protocol);
        event.ipVersion(4);
        event.sourceLow(TestPackets.ipv4(10, 0, 0, 1 + random.nextInt(4)));
        event.sourcePort(1_000 + random.nextInt(8));
        event.destinationLow(TestPackets.ipv4(127, 0, 0, 1));
        event.destinationPort(53);
    }

    private void ofFlow(Random random, Lines seen) {
        if (seen.flows.isEmpty()) {
            return;
        }
        EventKind[] kinds = {
            EventKind.DATA, EventKind.DATA, EventKind.FIN, EventKind.RESET, EventKind.CLOSED, EventKind.CONNECT_FAILED
        };
        event.kind(kinds[random.nextInt(kinds.length)]);
        event.direction(Direction.of(random.nextInt(2)));
        event.protocol(random.nextBoolean() ? TestSettings.UDP : TestSettings.TCP);
        event.flowRef(seen.flows.get(seen.flows.size() - 1 - random.nextInt(Math.min(seen.flows.size(), 30))));
    }

    /** What comes out, as text. */
    private static final class Lines implements PipelineOutput, Journal {
        private final List<String> lines = new ArrayList<>();
        private final List<Long> flows = new ArrayList<>();

        @Override
        public void arrived(PacketDescriptor packet) {
            // the events are this test's own
        }

        @Override
        public void handled(PacketDescriptor packet, Verdict verdict) {
            if (packet.flowRef() != PacketDescriptor.NO_FLOW) {
                flows.add(packet.flowRef());
            }
            lines.add(verdict + " " + packet.kind() + " " + (verdict == Verdict.DROP ? DropReason.in(packet) : "")
                    + " flow " + packet.flowRef() + " backend " + packet.backend() + " class " + packet.trafficClass()
                    + " dscp " + packet.egressDscp() + " release " + packet.releaseNs() + " flags " + packet.flags());
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason, long atNs) {
            lines.add("end " + reason + " " + flowRef + " at " + atNs);
        }

        @Override
        public void forward(PacketDescriptor packet) {
            lines.add("forward " + packet.kind());
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            lines.add("drop " + reason);
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {
            lines.add("ended " + flowRef);
        }
    }
}
