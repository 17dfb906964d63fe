package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Packets that wait, first in, first out, in descriptors of the queue's own, so that the ring's slots are free again.
 *
 * <p>Release times never fall from head to tail: a packet that could go earlier than the one before it waits for that one.
 * Room is made by doubling, when first needed, and kept; once a queue has been as full as it gets, it allocates nothing.
 */
final class HeldQueue {
    private static final int FIRST_ROOM = 64;

    /** Keeps the memory under the slots allocated. */
    private final List<DescriptorSlab> slabs = new ArrayList<>();

    private PacketDescriptor[] slots = {};
    private int head;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** When the head may leave; {@code Long.MAX_VALUE} when nothing waits. */
    long nextReleaseNs() {
        return size == 0 ? Long.MAX_VALUE : slots[head].releaseNs();
    }

    /** When the last packet that waits may leave; {@code Long.MIN_VALUE} when nothing waits. */
    long lastReleaseNs() {
        return size == 0 ? Long.MIN_VALUE : slots[at(size - 1)].releaseNs();
    }

    /** Moves a packet, whose release time is set, to the tail. */
    void add(PacketDescriptor packet) {
        if (size == slots.length) {
            grow();
        }
        slots[at(size)].moveFrom(packet);
        size++;
    }

    /** The packet that leaves first; its descriptor is lent until {@link #removeHead}. */
    PacketDescriptor head() {
        return slots[head];
    }

    /** Frees the head's descriptor, and lets go of what was attached to it. */
    void removeHead() {
        PacketDescriptor gone = slots[head];
        gone.payload(null);
        gone.endpoint(null);
        head = at(1);
        size--;
    }

    /** Writes the descriptors that wait, without what is attached to them. */
    void save(StateWriter to) {
        to.number(size);
        for (int i = 0; i < size; i++) {
            to.block(slots[at(i)].address(), DescriptorLayout.SIZE);
        }
    }

    /** Takes over what was saved; gives the number of packets that wait then. */
    int restore(StateReader from) {
        int descriptors = from.number(0, Integer.MAX_VALUE);
        int packets = 0;
        for (int i = 0; i < descriptors; i++) {
            if (size == slots.length) {
                grow();
            }
            PacketDescriptor slot = slots[at(size++)];
            from.block(slot.address(), DescriptorLayout.SIZE);
            packets += slot.packets();
        }
        return packets;
    }

    private int at(int offset) {
        return (head + offset) & (slots.length - 1);
    }

    /** Makes more descriptors; those that are there stay where they are, and only the views change places. */
    private void grow() {
        int before = slots.length;
        int room = Math.max(FIRST_ROOM, before * 2);
        DescriptorSlab slab = new DescriptorSlab(
                Arena.ofAuto().allocate((long) (room - before) * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        slabs.add(slab);
        PacketDescriptor[] grown = new PacketDescriptor[room];
        for (int i = 0; i < before; i++) {
            grown[i] = slots[at(i)];
        }
        for (int i = before; i < room; i++) {
            grown[i] = slab.view(i - before);
        }
        slots = grown;
        head = 0;
    }
}
