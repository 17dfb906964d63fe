package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ClassifyStage;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.mark.MarkStage;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteStage;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import io.marchproxy.l3l4.stages.trace.TraceStage;
import java.lang.foreign.Arena;

/**
 * Each stage alone, over datagrams of 64 flows that stay in the nearest cache: what the stage's own code costs. What
 * memory adds with more flows is for {@link PipelineWorkload} and {@link FlowTableWorkload} to show.
 *
 * <p>Each method makes a workload with a stage and a flow table of its own.
 */
public final class StageRig {
    private static final int CAPACITY = 1 << 10;
    private static final long SEED = 42;
    private static final long RESIDENCE_NS = 2_000;
    private static final long PROBES_NS = 200_000_000;
    private static final long NEW_FLOW_NS = 1_000;

    /** Between packets: at ten million a second, 64 bytes each, no limit of a gigabyte a second is reached. */
    private static final long PACKET_NS = 100;

    private static final int NOTHING_WAITS = -1;

    private final PacketDescriptor[] packets;
    private final OffHeapFlowTable flows;
    private final FlowTimers timers;
    private final ClassifyStage classify;
    private final RouteStage route;
    private final long nowNs = 1;

    private StageRig(Arena arena, int rules) {
        this(arena, Configurations.classify(IpPacket.UDP, CAPACITY, rules));
    }

    private StageRig(Arena arena, ClassifySettings rules) {
        packets = Traffic.descriptors(arena, Workload.BATCH);
        flows = new OffHeapFlowTable(CAPACITY, SEED, arena);
        timers = new FlowTimers(flows, NothingExpires.INSTANCE);
        classify = new ClassifyStage(
                flows,
                timers,
                (flowRef, reason) -> {
                    throw new IllegalStateException("a flow ended: " + reason);
                },
                (flowRef, isToBackend) -> NOTHING_WAITS);
        classify.apply(rules, Long.MIN_VALUE);
        route = new RouteStage(Configurations.route(), flows);
        Traffic traffic = new Traffic(IpPacket.UDP, Workload.BATCH);
        for (int i = 0; i < packets.length; i++) {
            traffic.fill(packets[i], EventKind.DATA, i, nowNs);
        }
    }

    private static StageRig withFlows(Arena arena) {
        StageRig rig = new StageRig(arena, 10);
        for (PacketDescriptor packet : rig.packets) {
            rig.classify.process(packet, rig.nowNs);
            rig.route.process(packet, rig.nowNs);
            packet.flags(0);
        }
        return rig;
    }

    /** Classify: a datagram of a flow that is there is found by its addresses, after the look ahead, and counted. */
    public static Workload classifyKnown(Arena arena) {
        StageRig rig = withFlows(arena);
        ClassifyStage stage = rig.classify;
        return () -> {
            for (PacketDescriptor packet : rig.packets) {
                packet.flowRef(PacketDescriptor.NO_FLOW);
            }
            rig.flows.expect(rig.packets, 0, rig.packets.length);
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                passed += passed(stage.process(packet, rig.nowNs));
            }
            return passed;
        };
    }

    /**
     * Classify: the first datagram of a flow, whose rule is the last of so many; and the end of the flow, without which the
     * next batch would have none to begin.
     */
    public static Workload classifyNew(Arena arena, int rules) {
        StageRig rig = new StageRig(arena, rules);
        ClassifyStage stage = rig.classify;
        return () -> {
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                packet.flowRef(PacketDescriptor.NO_FLOW);
                passed += passed(stage.process(packet, rig.nowNs));
            }
            for (PacketDescriptor packet : rig.packets) {
                rig.free(packet.flowRef());
            }
            return passed;
        };
    }

    private void free(long flowRef) {
        long entry = flows.entry(flowRef);
        timers.cancel(entry);
        classify.forget(entry);
        flows.remove(flowRef);
    }

    /** Shape: no rate is set, everything leaves at once. */
    public static Workload shapePassThrough(Arena arena) {
        StageRig rig = withFlows(arena);
        return rig.repeat(new ShapeStage(Configurations.shape(), rig.flows), Verdict.CONTINUE);
    }

    /** Shape: link, service and class have limits that are not reached, so that each packet asks and pays all three. */
    public static Workload shapeLimited(Arena arena) {
        StageRig rig = withFlows(arena);
        ShapeStage stage = new ShapeStage(Configurations.limitedShape(), rig.flows);
        long[] now = {rig.nowNs};
        return () -> {
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                now[0] += PACKET_NS;
                passed += passed(stage.process(packet, now[0]));
            }
            return passed;
        };
    }

    /** Mark: the class's code point. */
    public static Workload mark(Arena arena) {
        StageRig rig = withFlows(arena);
        MarkStage stage = new MarkStage(Configurations.mark());
        return () -> {
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                packet.egressDscp(PacketDescriptor.DSCP_UNCHANGED);
                passed += passed(stage.process(packet, rig.nowNs));
            }
            return passed;
        };
    }

    /** Route: a datagram of a flow that has its backend. */
    public static Workload routeKnown(Arena arena) {
        StageRig rig = withFlows(arena);
        return rig.repeat(rig.route, Verdict.CONTINUE);
    }

    /** Route: the first datagram of a flow, for which a backend is chosen. */
    public static Workload routeNew(Arena arena) {
        StageRig rig = withFlows(arena);
        RouteStage stage = rig.route;
        return () -> {
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                rig.unbind(stage, packet);
                passed += passed(stage.process(packet, rig.nowNs));
            }
            return passed;
        };
    }

    /** Takes a flow's backend from it, as its end would. */
    private void unbind(RouteStage stage, PacketDescriptor packet) {
        long entry = flows.entryAt((int) packet.flowRef());
        stage.forget(entry);
        FlowEntry.backend(entry, PacketDescriptor.NO_BACKEND);
    }

    /**
     * Route: a backend is chosen for the first datagram of a flow by an algorithm, of a hundred that differ in everything; a flow
     * comes every microsecond, so that what is drawn up every few milliseconds is paid for as well. All are probed as by default.
     */
    public static Workload routeNew(Arena arena, RouteAlgorithm algorithm, boolean isSticky) {
        StageRig rig = withFlows(arena);
        RouteStage stage = new RouteStage(Configurations.route(algorithm, isSticky), rig.flows);
        for (PacketDescriptor packet : rig.packets) {
            FlowEntry.backend(rig.flows.entryAt((int) packet.flowRef()), PacketDescriptor.NO_BACKEND);
        }
        long[] now = {rig.nowNs};
        long[] probesNs = {rig.nowNs};
        return () -> {
            if (now[0] >= probesNs[0]) {
                probesNs[0] += PROBES_NS;
                for (int i = 0; i < Configurations.MANY_BACKENDS; i++) {
                    stage.measured(i, 1_000_000 + i * 50_000L, 0, now[0]);
                }
            }
            int passed = 0;
            for (PacketDescriptor packet : rig.packets) {
                now[0] += NEW_FLOW_NS;
                rig.unbind(stage, packet);
                passed += passed(stage.process(packet, now[0]));
            }
            return passed;
        };
    }

    /** Trace: residence time into the histogram. */
    public static Workload trace(Arena arena) {
        TraceStage stage = new TraceStage();
        StageRig rig = withFlows(arena);
        stage.handedNs(rig.nowNs + RESIDENCE_NS);
        return rig.repeat(stage, Verdict.FORWARD);
    }

    /** What the loop around a stage costs by itself: the floor of the others. */
    public static Workload empty(Arena arena) {
        return withFlows(arena).repeat(new Nothing(), Verdict.CONTINUE);
    }

    private Workload repeat(Stage stage, Verdict expected) {
        return () -> {
            int right = 0;
            for (PacketDescriptor packet : packets) {
                right += stage.process(packet, nowNs) == expected ? 1 : 0;
            }
            return right;
        };
    }

    private static int passed(Verdict verdict) {
        return verdict == Verdict.CONTINUE ? 1 : 0;
    }

    enum NothingExpires implements FlowTimers.Expiry {
        INSTANCE;

        @Override
        public long deadlineNs(long entry) {
            return Long.MAX_VALUE;
        }

        @Override
        public void expired(long flowRef) {
            throw new IllegalStateException("a flow ended");
        }
    }

    /** Decides nothing, and knows nothing. */
    private static final class Nothing implements Stage {
        @Override
        public Verdict process(PacketDescriptor packet, long nowNs) {
            return Verdict.in(packet);
        }

        @Override
        public void save(StateWriter to) {
            // no state
        }

        @Override
        public void restore(StateReader from) {
            // no state
        }
    }
}
