package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Packets that wait, in descriptors of their own, so that the ring's slots are free again. Each may name another that comes after
 * it, so that queues need no memory besides.
 *
 * <p>Room is made by doubling, when first needed, and kept; once as much has been held as ever is, nothing is allocated.
 */
class HeldPackets {
    static final int NONE = -1;

    private static final int FIRST_ROOM = 64;

    /** Keeps the memory under the slots allocated. */
    private final List<DescriptorSlab> slabs = new ArrayList<>();

    private PacketDescriptor[] slots = {};
    private int[] nexts = {};
    private int free = NONE;

    /** Moves a packet in; the slot's number, with nothing after it. */
    int add(PacketDescriptor packet) {
        int slot = take();
        slots[slot].moveFrom(packet);
        return slot;
    }

    private int take() {
        if (free == NONE) {
            grow();
        }
        int slot = free;
        free = nexts[slot];
        nexts[slot] = NONE;
        return slot;
    }

    /** As {@link #add}, of a packet that was saved; without what was attached to it. */
    int restore(StateReader from) {
        int slot = take();
        from.block(slots[slot].address(), DescriptorLayout.SIZE);
        return slot;
    }

    void save(int slot, StateWriter to) {
        to.block(slots[slot].address(), DescriptorLayout.SIZE);
    }

    PacketDescriptor at(int slot) {
        return slots[slot];
    }

    int next(int slot) {
        return nexts[slot];
    }

    void next(int slot, int following) {
        nexts[slot] = following;
    }

    /** Frees a slot, and lets go of what was attached to its packet. */
    void remove(int slot) {
        slots[slot].payload(null);
        slots[slot].endpoint(null);
        nexts[slot] = free;
        free = slot;
    }

    /** Makes more descriptors; those that are there stay where they are. */
    private void grow() {
        int before = slots.length;
        int room = Math.max(FIRST_ROOM, before * 2);
        DescriptorSlab slab = new DescriptorSlab(
                Arena.ofAuto().allocate((long) (room - before) * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        slabs.add(slab);
        slots = Arrays.copyOf(slots, room);
        nexts = Arrays.copyOf(nexts, room);
        for (int i = room - 1; i >= before; i--) {
            slots[i] = slab.view(i - before);
            nexts[i] = free;
            free = i;
        }
    }
}
