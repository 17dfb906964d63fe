package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import java.lang.foreign.Arena;

/**
 * The five stages over the engine's flow table: a batch of packets of random known flows is written into descriptors, as
 * ingress would, and handled. A UDP datagram is looked up by its addresses; a TCP chunk brings its flow's reference along.
 *
 * <p>Virtual time runs as at 10 Mpps, and the flows' timers are spread over the idle time-out, so that they come up as in
 * steady state. No flow ends.
 */
public final class PipelineWorkload implements Workload, PipelineOutput {
    private static final long PACKET_NS = 100;
    private static final long RESIDENCE_NS = 2_000;
    private static final long SEED = 42;

    private final int protocol;
    private final Traffic traffic;
    private final PacketDescriptor[] packets;
    private final OffHeapFlowTable flows;
    private final Pipeline pipeline;
    private long nowNs;
    private int forwarded;

    /**
     * A pipeline with all its flows begun.
     *
     * @param protocol 6 TCP or 17 UDP
     * @param flowCount up to 2^24; ten million take 1.6 GB outside the heap
     * @param arena for descriptors and flow table
     */
    public PipelineWorkload(int protocol, int flowCount, Arena arena) {
        this.protocol = protocol;
        this.traffic = new Traffic(protocol, flowCount);
        this.packets = Traffic.descriptors(arena, BATCH);
        this.flows = new OffHeapFlowTable(flowCount, SEED, arena);
        this.pipeline = new Pipeline(Configurations.pipeline(protocol, flowCount), flows, this, Journal.NONE);
        long gapNs = Configurations.IDLE_TIMEOUT_NS / flowCount;
        for (int flow = 0; flow < flowCount; flow++) {
            nowNs += gapNs;
            begin(flow);
            // Seen as late as can be: its timer comes up in its turn, and finds that the flow goes on.
            FlowEntry.lastSeenNs(flows.entryAt(flow), Configurations.IDLE_TIMEOUT_NS);
        }
    }

    private void begin(int flow) {
        PacketDescriptor packet = packets[0];
        boolean isConnection = protocol == IpPacket.TCP;
        traffic.fill(packet, isConnection ? EventKind.OPEN : EventKind.DATA, flow, nowNs);
        pipeline.handle(packet);
        if (packet.flowRef() != flow) {
            throw new IllegalStateException("flow " + flow + " got the reference " + packet.flowRef());
        }
        if (isConnection) {
            traffic.fill(packet, EventKind.CONNECTED, flow, nowNs);
            packet.flowRef(flow);
            pipeline.handle(packet);
        }
    }

    @Override
    public int batch() {
        fillOnly();
        forwarded = 0;
        pipeline.handedNs(nowNs + RESIDENCE_NS);
        pipeline.expect(packets, 0, packets.length);
        for (PacketDescriptor packet : packets) {
            pipeline.handle(packet);
        }
        return forwarded;
    }

    /** Writes the batch's descriptors and leaves it at that: what of {@link #batch} is not the pipeline's. */
    public int fillOnly() {
        nowNs += BATCH * PACKET_NS;
        boolean isConnection = protocol == IpPacket.TCP;
        for (PacketDescriptor packet : packets) {
            int flow = traffic.anyFlow();
            traffic.fill(packet, EventKind.DATA, flow, nowNs);
            if (isConnection) {
                // Slots of a fresh table are given out in order, in generation 0: reading a list of references at
                // random
                // would measure the list.
                packet.flowRef(flow);
            }
        }
        return BATCH;
    }

    @Override
    public void forward(PacketDescriptor packet) {
        forwarded++;
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        throw new IllegalStateException("dropped: " + reason.sentence());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        throw new IllegalStateException("a flow ended: " + reason);
    }
}
