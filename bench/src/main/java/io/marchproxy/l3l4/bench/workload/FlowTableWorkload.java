package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;

/** The engine's flow table alone. The number of flows is what counts: how much memory look-ups are spread over. */
public final class FlowTableWorkload {
    private static final long SEED = 42;

    private final PacketDescriptor[] packets;
    private final long[] references = new long[Workload.BATCH];
    private final OffHeapFlowTable table;
    private final int flows;
    private final Traffic known;
    private int stranger;

    /**
     * A table with its flows.
     *
     * @param flows up to 2^24; there is room for a batch more
     */
    public FlowTableWorkload(int flows, Arena arena) {
        this.flows = flows;
        packets = Traffic.descriptors(arena, Workload.BATCH);
        table = new OffHeapFlowTable(flows + Workload.BATCH, SEED, arena);
        known = new Traffic(IpPacket.UDP, flows);
        for (int flow = 0; flow < flows; flow++) {
            known.fill(packets[0], EventKind.DATA, flow, 0);
            table.insert(packets[0]);
        }
    }

    /** Looks up random flows that are there. */
    public int find() {
        fillKnown();
        return findAll();
    }

    /** The same after a look at the whole batch, as the shards do it. */
    public int findAhead() {
        fillKnown();
        table.expect(packets, 0, packets.length);
        return findAll();
    }

    private void fillKnown() {
        for (PacketDescriptor packet : packets) {
            known.fill(packet, EventKind.DATA, known.anyFlow(), 0);
        }
    }

    private int findAll() {
        int found = 0;
        for (PacketDescriptor packet : packets) {
            found += table.find(packet) == PacketDescriptor.NO_FLOW ? 0 : 1;
        }
        return found;
    }

    /** Looks up flows that are not there. */
    public int miss() {
        fillStrangers();
        int missed = 0;
        for (PacketDescriptor packet : packets) {
            missed += table.find(packet) == PacketDescriptor.NO_FLOW ? 1 : 0;
        }
        return missed;
    }

    /** Adds flows and takes them out again. */
    public int insertAndRemove() {
        fillStrangers();
        int inserted = 0;
        for (int i = 0; i < packets.length; i++) {
            references[i] = table.insert(packets[i]);
            inserted += references[i] == FlowTable.FULL ? 0 : 1;
        }
        for (long reference : references) {
            table.remove(reference);
        }
        return inserted;
    }

    private void fillStrangers() {
        for (PacketDescriptor packet : packets) {
            stranger = stranger == flows ? 0 : stranger + 1;
            known.fill(packet, EventKind.DATA, flows + stranger, 0);
        }
    }
}
