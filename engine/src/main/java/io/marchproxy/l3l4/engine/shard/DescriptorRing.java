package io.marchproxy.l3l4.engine.shard;

import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.YieldingWaitStrategy;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A Disruptor ring whose slots are descriptors in one slab, with one producer and one polling consumer. The consumer polls,
 * so no wait strategy is ever asked; waiting is the placement's business. It takes slots a batch at a time, which is what lets
 * it look ahead.
 *
 * <p>Both cursors are the Disruptor's, each alone in its cache lines, and slots are two whole lines. Nothing in this object is
 * written after it was made.
 */
public final class DescriptorRing {
    /** Slots that a poll hands out at the most. */
    public static final int BATCH = 64;

    /** What a consumer does with a batch. */
    @FunctionalInterface
    public interface BatchHandler {
        /**
         * Handles {@code count} slots from an index on, in order. Keeps its errors to itself: whatever it throws, the slots are
         * free afterwards.
         */
        void handle(PacketDescriptor[] slots, int from, int count);
    }

    private final RingBuffer<PacketDescriptor> ring;
    private final Sequence consumed = new Sequence();
    private final PacketDescriptor[] slots;
    private final Producer producer = new Producer();

    /** The producer's own: asking the cursor instead would wait for what was just written to it. */
    private static final class Producer extends SingleWriter {
        private long claimed = -1;
    }

    /**
     * Makes a ring.
     *
     * @param arena that the slab is allocated from and lives as long as
     * @param capacity a power of two
     */
    public DescriptorRing(Arena arena, int capacity) {
        DescriptorSlab slab =
                new DescriptorSlab(arena.allocate((long) capacity * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        slots = new PacketDescriptor[capacity];
        for (int i = 0; i < capacity; i++) {
            slots[i] = slab.view(i);
        }
        int[] next = {0};
        ring = RingBuffer.createSingleProducer(() -> slots[next[0]++], capacity, new YieldingWaitStrategy());
        ring.addGatingSequences(consumed);
    }

    /** The next slot, or null when no more than {@code spare} are free. Producer's thread; {@link #publish} comes before the next. */
    @Nullable
    public PacketDescriptor tryClaim(int spare) {
        if (!ring.hasAvailableCapacity(spare + 1)) {
            return null;
        }
        long sequence = ring.next();
        producer.claimed = sequence;
        return ring.get(sequence);
    }

    /** Publishes the claimed slot. Producer's thread. */
    public void publish() {
        ring.publish(producer.claimed);
    }

    /**
     * Hands a batch of what is published to the handler, and frees it. A batch does not reach over the end of the slab: it is
     * one stretch of memory.
     *
     * @return false when there was nothing. Consumer's thread
     */
    public boolean poll(BatchHandler handler) {
        long last = consumed.get();
        long published = ring.getCursor();
        if (published == last) {
            return false;
        }
        int from = (int) (last + 1) & (slots.length - 1);
        int count = (int) Math.min(Math.min(published - last, BATCH), slots.length - from);
        try {
            handler.handle(slots, from, count);
        } finally {
            consumed.set(last + count);
        }
        return true;
    }

    /** True when nothing that was published is unhandled. Either thread. */
    boolean isEmpty() {
        return consumed.get() == ring.getCursor();
    }

    /** Slots in use. Any thread; approximate on others than the producer's. */
    long used() {
        return ring.getBufferSize() - ring.remainingCapacity();
    }

    /** Slots in all. */
    int slots() {
        return slots.length;
    }
}
