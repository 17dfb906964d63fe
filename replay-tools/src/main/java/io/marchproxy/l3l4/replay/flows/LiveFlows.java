package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * The flows that have begun and not ended, as they were last seen, in their slots of the service's table: off heap, as much as the
 * service itself had for them. One thread.
 */
final class LiveFlows implements AutoCloseable {
    private static final int CHUNK_SHIFT = 12;
    private static final int CHUNK = 1 << CHUNK_SHIFT;
    private static final int ENTRY = Long.BYTES;
    private static final int SIZE = ENTRY + FlowLayout.SIZE;

    private final Arena arena = Arena.ofConfined();
    private long[] chunks = new long[16];
    private int slots;

    /**
     * Keeps a flow's state.
     *
     * @param entry the address of its entry
     * @param replaced hears of the entry of another flow that had the same slot, and so has ended
     */
    void put(long flowRef, long entry, LongConsumer replaced) {
        int slot = (int) flowRef;
        long place = place(slot);
        long before = Memory.getLong(place);
        if (before != PacketDescriptor.NO_FLOW && before != flowRef) {
            replaced.accept(place + ENTRY);
        }
        Memory.putLong(place, flowRef);
        Memory.copy(entry, place + ENTRY, FlowLayout.SIZE);
        slots = Math.max(slots, slot + 1);
    }

    /** Forgets a flow. */
    void remove(long flowRef) {
        int slot = (int) flowRef;
        if (slot < slots && Memory.getLong(place(slot)) == flowRef) {
            Memory.putLong(place(slot), PacketDescriptor.NO_FLOW);
        }
    }

    /** Hears of what is left. */
    interface Left {
        /** A flow's reference and the address of its entry. */
        void flow(long flowRef, long entry);
    }

    /** Hands out all that are left, and forgets them. */
    void drain(Left flows) {
        for (int slot = 0; slot < slots; slot++) {
            long place = place(slot);
            long flowRef = Memory.getLong(place);
            if (flowRef != PacketDescriptor.NO_FLOW) {
                Memory.putLong(place, PacketDescriptor.NO_FLOW);
                flows.flow(flowRef, place + ENTRY);
            }
        }
        slots = 0;
    }

    private long place(int slot) {
        int chunk = slot >>> CHUNK_SHIFT;
        if (chunk >= chunks.length) {
            chunks = Arrays.copyOf(chunks, Math.max(chunk + 1, 2 * chunks.length));
        }
        if (chunks[chunk] == 0) {
            long address = arena.allocate((long) CHUNK * SIZE, Long.BYTES).address();
            for (int i = 0; i < CHUNK; i++) {
                Memory.putLong(address + (long) i * SIZE, PacketDescriptor.NO_FLOW);
            }
            chunks[chunk] = address;
        }
        return chunks[chunk] + (long) (slot & (CHUNK - 1)) * SIZE;
    }

    @Override
    public void close() {
        arena.close();
    }
}
