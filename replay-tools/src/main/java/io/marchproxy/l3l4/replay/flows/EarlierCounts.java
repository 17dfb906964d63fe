package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.numa.NodeMemory;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What UDP sessions that go on after a restart had counted before it, as RESTORE events tell. The service's counters go on from there;
 * a row of flows has what passed in its session of the service, or a sum over the sessions would count the earlier part again with each.
 * Off heap, as much as the service itself had for them. One session's at a time, one thread.
 */
final class EarlierCounts implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final PacketDescriptor client;

    /** A flow's entry less what it had counted before. */
    private final long rest;

    private @Nullable NodeMemory memory;
    private @Nullable OffHeapFlowTable sessions;

    EarlierCounts() {
        MemorySegment room = arena.allocate(DescriptorLayout.SIZE + (long) FlowLayout.SIZE, DescriptorLayout.SIZE);
        client = new DescriptorSlab(room).view(0);
        rest = room.address() + DescriptorLayout.SIZE;
    }

    /**
     * Takes in what a RESTORE event tells.
     *
     * @param restored its argument 0 is how many there are
     */
    void add(PacketDescriptor restored) {
        OffHeapFlowTable table = sessions;
        if (table == null) {
            NodeMemory room = new NodeMemory(PlacementPlan.ANY_NODE);
            memory = room;
            table = new OffHeapFlowTable(
                    Math.clamp(restored.argument0(), 1, OffHeapFlowTable.HIGHEST_CAPACITY), 0, room);
            sessions = table;
        }
        long ref = table.insert(restored);
        if (ref != FlowTable.FULL) {
            long entry = table.entry(ref);
            Memory.copy(restored.payloadAddress(), entry + FlowLayout.REMEMBERED, FlowLayout.REMEMBERED_SIZE);
            FlowEntry.droppedPackets(entry, restored.segmentBytes());
        }
    }

    /**
     * A flow with what it counted in this session of the service alone.
     *
     * @param entry the address of its entry
     * @return that of an entry that holds until the next call
     */
    long since(long entry) {
        OffHeapFlowTable table = sessions;
        if (table == null) {
            return entry;
        }
        client.reset(EventKind.DATA, 0);
        FlowEntry.nameClient(entry, client);
        long ref = table.find(client);
        if (ref == PacketDescriptor.NO_FLOW) {
            return entry;
        }
        long before = table.entry(ref);
        // Going on, it took over when it was first seen; a later flow of the same client did not.
        if (FlowEntry.firstSeenNs(before) != FlowEntry.firstSeenNs(entry)) {
            return entry;
        }
        Memory.copy(entry, rest, FlowLayout.SIZE);
        for (int at = FlowLayout.PACKETS_TO_BACKEND; at <= FlowLayout.BYTES_TO_CLIENT; at += Long.BYTES) {
            Memory.putLong(rest + at, Memory.getLong(entry + at) - Memory.getLong(before + at));
        }
        FlowEntry.droppedPackets(rest, FlowEntry.droppedPackets(entry) - FlowEntry.droppedPackets(before));
        return rest;
    }

    /** Another session of the service begins. */
    void clear() {
        NodeMemory room = memory;
        sessions = null;
        memory = null;
        if (room != null) {
            room.close();
        }
    }

    @Override
    public void close() {
        clear();
        arena.close();
    }
}
