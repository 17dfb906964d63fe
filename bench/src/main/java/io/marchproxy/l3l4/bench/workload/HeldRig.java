package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import java.lang.foreign.Arena;
import java.util.List;

/** The shape stage where packets wait: for each that leaves another of its flow comes, so that all flows always have some that wait. */
public final class HeldRig {
    private static final long SEED = 42;
    private static final int TRAFFIC_CLASS = 1;
    private static final int PACKET_BYTES = 1_000;
    private static final int WAITING_OF_EACH = 2;
    private static final int BURST_BYTES = 16_000;
    private static final RateLimit GIGABIT = new RateLimit(1_000_000_000L, BURST_BYTES);
    private static final RateLimit HARDLY_ANY = new RateLimit(400_000_000_000L, 1 << 28);

    private final PacketDescriptor packet;
    private final OffHeapFlowTable flows;
    private final ShapeStage stage;
    private long nowNs = 1;

    private HeldRig(Arena arena, int count, ShapeSettings settings, boolean isOneClient) {
        packet = Traffic.descriptors(arena, 1)[0];
        flows = new OffHeapFlowTable(count, SEED, arena);
        stage = new ShapeStage(settings, flows);
        Traffic traffic = new Traffic(IpPacket.TCP, count);
        long[] flowRefs = new long[count];
        for (int i = 0; i < count; i++) {
            traffic.fill(packet, EventKind.DATA, i, nowNs);
            if (isOneClient) {
                packet.sourceLow(1);
            }
            flowRefs[i] = flows.insert(packet);
        }
        // What the burst lets pass, and then what waits.
        for (int i = 0; i < BURST_BYTES / PACKET_BYTES + WAITING_OF_EACH * count; i++) {
            arrive(flowRefs[i % count]);
        }
    }

    /** Flows, each of a client of its own, wait for the link. */
    public static Workload link(Arena arena, int flows) {
        return new HeldRig(arena, flows, settings(GIGABIT, ServiceLimits.NONE), false)::batch;
    }

    /** Connections of one client wait for its ceiling; they have ceilings of their own, which none reaches. */
    public static Workload client(Arena arena, int connections) {
        EachLimits each = new EachLimits(GIGABIT, GIGABIT, HARDLY_ANY, HARDLY_ANY);
        return new HeldRig(arena, connections, settings(RateLimit.NONE, ServiceLimits.NONE.with(each)), true)::batch;
    }

    private static ShapeSettings settings(RateLimit link, ServiceLimits service) {
        ClassLimits one = new ClassLimits(1, RateLimit.NONE);
        return new ShapeSettings(link, List.of(one, one, one, one), List.of(service), 1);
    }

    private int batch() {
        int released = 0;
        while (released < Workload.BATCH) {
            nowNs = stage.nextReleaseNs();
            PacketDescriptor leaving = stage.next(nowNs);
            if (leaving != null) {
                long flowRef = leaving.flowRef();
                stage.released();
                if (arrive(flowRef) != Verdict.HOLD) {
                    throw new IllegalStateException("a packet passed those that wait");
                }
                released++;
            }
        }
        return released;
    }

    private Verdict arrive(long flowRef) {
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(IpPacket.TCP);
        packet.trafficClass(TRAFFIC_CLASS);
        packet.lengthBytes(PACKET_BYTES);
        packet.flowRef(flowRef);
        return stage.process(packet, nowNs);
    }
}
