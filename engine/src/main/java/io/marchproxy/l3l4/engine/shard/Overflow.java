package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;

/**
 * Events in order that found the ring full on the very thread that empties it. Room is made when first needed, and kept;
 * what bounds it is that an event makes its connection report a few others at the most.
 */
final class Overflow {
    private static final int VIEWS_PER_SLAB = 64;

    private final Arena arena;
    private final ArrayDeque<PacketDescriptor> waiting = new ArrayDeque<>();
    private final ArrayDeque<PacketDescriptor> spare = new ArrayDeque<>();

    /** Without room yet; what it takes from the arena lives as long. */
    Overflow(Arena arena) {
        this.arena = arena;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** A descriptor at the end, for the caller to fill. */
    PacketDescriptor add() {
        if (spare.isEmpty()) {
            DescriptorSlab slab = new DescriptorSlab(
                    arena.allocate((long) VIEWS_PER_SLAB * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
            for (int i = 0; i < VIEWS_PER_SLAB; i++) {
                spare.add(slab.view(i));
            }
        }
        PacketDescriptor last = spare.remove();
        waiting.add(last);
        return last;
    }

    /** Moves the first one out. */
    void moveFirstTo(PacketDescriptor slot) {
        PacketDescriptor first = waiting.remove();
        slot.moveFrom(first);
        spare.push(first);
    }
}
