package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random reloads, alone and several at one time, of rules that ask for anything, of services' classes and of all limits, while streams
 * and datagrams wait both ways, end, are reset, and leave their slots to others. The bench sees to it that no packet and no end of a
 * stream overtakes another of its flow, and that each class's books balance; and a pipeline that took over the state now and then, also
 * right after a reload, says the same of all that follows.
 */
class ReloadsTest {
    private static final int OPERATIONS = 5_000;
    private static final int FLOWS = 40;
    private static final int LATEST = 12;
    private static final int ANY = -1;

    private final Random random = new Random();
    private final TestFlowTable flows = new TestFlowTable(FLOWS);
    private final List<Long> streams = new ArrayList<>();
    private final List<Long> sessions = new ArrayList<>();
    private final Set<Long> finished = new HashSet<>();
    private long version = 1;
    private long number;
    private PipelineSettings inForce = TestSettings.initial();
    private Lines said = new Lines();
    private @Nullable Pipeline other;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20_261_127})
    void shouldKeepOrderAndBooksThroughAnyReloads(long seed) {
        random.setSeed(seed);
        inForce = settings(true, true);
        Bench bench = new Bench(inForce, new ShapeStage(inForce.shape(), flows), flows);
        for (int i = 0; i < OPERATIONS; i++) {
            int step = random.nextInt(200);
            bench.after(step == 0 ? 2_000_000 : step % 4 == 0 ? 0 : random.nextInt(100_000));
            advance(bench);
            if (random.nextInt(300) == 0) {
                takeOver(bench);
            }
            operate(bench);
        }
        reload(
                bench,
                new PipelineSettings(
                        version++,
                        "hash",
                        inForce.classify(),
                        inForce.shape().unlimited(),
                        inForce.mark(),
                        inForce.route()));
        TrafficBooks books = bench.pipeline.books();
        long moved = 0;
        for (int service = 0; service < books.services(); service++) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    assertEquals(0, books.heldPackets(service, trafficClass, direction), "all left");
                    moved += Math.abs(books.movedPackets(service, trafficClass, direction));
                }
            }
        }
        assertTrue(moved > 0, "something was moved");
    }

    private void operate(Bench bench) {
        switch (random.nextInt(14)) {
            case 0 -> {
                for (int left = random.nextInt(8) == 0 ? 3 : 1; left > 0; left--) {
                    reload(bench, settings(random.nextInt(3) > 0, random.nextInt(3) == 0));
                }
                if (random.nextInt(4) == 0) {
                    takeOver(bench);
                }
            }
            case 1, 2 -> {
                bench.open(TestSettings.WEB, 5_000 + random.nextInt(8));
                if (fromSomebody(bench).getLast().startsWith("forward")) {
                    streams.add(bench.flowRef());
                }
            }
            case 3, 4, 5, 6 -> {
                bench.datagram(TestSettings.DNS + random.nextInt(2), 5_000 + random.nextInt(8), random.nextInt(1_500))
                        .argument0(++number);
                fromSomebody(bench);
                if (flows.entry(bench.flowRef()) != 0) {
                    sessions.add(bench.flowRef());
                }
            }
            case 7, 8, 9, 10, 11 -> ofFlow(bench);
            case 12 -> {
                long stream = latest(streams);
                if (flows.entry(stream) != 0) {
                    bench.of(random.nextBoolean() ? EventKind.RESET : EventKind.CLOSED, stream, Direction.TO_BACKEND);
                    send(bench);
                }
            }
            default -> {
                bench.make(EventKind.QUOTA, TestSettings.DNS + random.nextInt(2))
                        .argument0(random.nextInt(6));
                send(bench);
            }
        }
    }

    private void ofFlow(Bench bench) {
        boolean isStream = random.nextInt(3) != 0;
        long flow = latest(isStream ? streams : sessions);
        Direction direction = isStream ? Direction.of(random.nextInt(2)) : Direction.TO_CLIENT;
        long way = 2 * flow + direction.ordinal();
        if (flows.entry(flow) == 0 || finished.contains(way)) {
            return;
        }
        boolean ends = isStream && random.nextInt(8) == 0;
        if (ends) {
            finished.add(way);
        }
        bench.of(ends ? EventKind.FIN : EventKind.DATA, flow, direction).argument0(++number);
        bench.event.ingressTos(random.nextInt(4) << 2);
        bench.event.lengthBytes(ends ? 0 : random.nextInt(1_500));
        send(bench);
    }

    private long latest(List<Long> some) {
        return some.isEmpty()
                ? PacketDescriptor.NO_FLOW
                : some.get(some.size() - 1 - random.nextInt(Math.min(some.size(), LATEST)));
    }

    private List<String> fromSomebody(Bench bench) {
        bench.event.sourceLow(TestPackets.ipv4(10, 0, 0, 1 + random.nextInt(3)));
        bench.event.ingressTos(random.nextInt(4) << 2);
        return send(bench);
    }

    private void reload(Bench bench, PipelineSettings settings) {
        inForce = settings;
        bench.make(EventKind.CONFIG, 0).endpoint(settings);
        send(bench);
    }

    private void takeOver(Bench bench) {
        SavedState saved = new SavedState();
        bench.pipeline.save(saved);
        said = new Lines();
        Pipeline next = new Pipeline(inForce, flows.copy(), said, said);
        next.restore(saved.read());
        other = next;
    }

    private List<String> send(Bench bench) {
        PacketDescriptor copy = TestPackets.descriptor();
        Memory.copy(bench.event.address(), copy.address(), DescriptorLayout.SIZE);
        copy.endpoint(bench.event.endpoint());
        List<String> lines = bench.send();
        Pipeline another = other;
        if (another != null) {
            another.handle(copy);
            assertEquals(lines, said.take());
        }
        return lines;
    }

    private void advance(Bench bench) {
        List<String> lines = bench.advanceTo(bench.nowNs());
        Pipeline another = other;
        if (another != null) {
            another.advanceTo(bench.nowNs());
            assertEquals(lines, said.take());
        }
    }

    private PipelineSettings settings(boolean otherClasses, boolean otherLimits) {
        PipelineSettings initial = TestSettings.initial();
        return new PipelineSettings(
                version++,
                "hash",
                otherClasses ? classes() : inForce.classify(),
                otherLimits ? limits() : inForce.shape(),
                initial.mark(),
                initial.route());
    }

    private ClassifySettings classes() {
        List<ServiceProfile> services = TestSettings.services().stream()
                .map(one -> random.nextInt(3) > 0 || one.id() == TestSettings.GONE
                        ? one
                        : new ServiceProfile(
                                one.id(),
                                one.name(),
                                one.protocol(),
                                true,
                                random.nextInt(4),
                                one.idleTimeoutNs(),
                                one.sessionCap(),
                                one.evictOldest(),
                                one.replyLimit()))
                .toList();
        List<ClassifyRule> rules = new ArrayList<>();
        for (int left = random.nextInt(5); left > 0; left--) {
            rules.add(rule());
        }
        return new ClassifySettings(services, rules);
    }

    private ClassifyRule rule() {
        int few = random.nextInt(3);
        NumberRange length = random.nextInt(3) == 0 ? new NumberRange(200 * few, 700 + 200 * few) : null;
        NumberRange others = random.nextInt(3) == 0 ? new NumberRange(few, 2 + 2 * few) : null;
        boolean ofPorts = random.nextInt(3) == 0;
        return new ClassifyRule(
                random.nextInt(4) == 0 ? TestSettings.UDP : ANY,
                random.nextInt(5) == 0 ? "web" : null,
                null,
                null,
                ofPorts ? 5_000 + few : ANY,
                ofPorts ? 5_002 + few : ANY,
                ANY,
                ANY,
                random.nextInt(5) == 0 ? few : ANY,
                random.nextInt(4),
                random.nextInt(3) == 0 ? random.nextInt(60) : ANY,
                length,
                others);
    }

    private ShapeSettings limits() {
        List<ClassLimits> classes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            classes.add(new ClassLimits(1 + random.nextInt(40), rate()));
        }
        List<ServiceLimits> services = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            EachLimits each = random.nextBoolean() ? EachLimits.NONE : new EachLimits(rate(), rate(), rate(), rate());
            boolean shares = i == 2 && random.nextInt(3) == 0;
            services.add(
                    shares
                            ? ServiceLimits.sharing(random.nextInt(2))
                            : new ServiceLimits(RateLimit.NONE, rate(), rate()).with(each));
        }
        CodelSettings codel = random.nextBoolean() ? CodelSettings.OFF : new CodelSettings(200_000, 2_000_000);
        return new ShapeSettings(rate(), classes, services, 1, codel);
    }

    private RateLimit rate() {
        return random.nextInt(6) == 0
                ? RateLimit.NONE
                : new RateLimit(300_000L * (1 + random.nextInt(60)), 1_500 + random.nextInt(4_000));
    }

    /** What comes out, as the bench has it. */
    private static final class Lines implements PipelineOutput, Journal {
        private final List<String> lines = new ArrayList<>();

        private List<String> take() {
            List<String> taken = List.copyOf(lines);
            lines.clear();
            return taken;
        }

        @Override
        public void arrived(PacketDescriptor packet) {
            // the events are this test's own
        }

        @Override
        public void handled(PacketDescriptor packet, Verdict verdict) {
            // what comes out says it
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason, long endNs) {
            // the output is told as well
        }

        @Override
        public void forward(PacketDescriptor packet) {
            lines.add("forward " + Bench.text(packet));
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            lines.add("drop " + reason + " " + Bench.text(packet));
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {
            lines.add("end " + reason + " " + Long.toHexString(flowRef));
        }
    }
}
