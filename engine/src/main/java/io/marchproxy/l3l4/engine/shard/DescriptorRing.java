package io.marchproxy.l3l4.engine.shard;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.YieldingWaitStrategy;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A Disruptor ring whose slots are descriptors in one slab, with one producer and one polling consumer. The consumer polls,
 * so no wait strategy is ever asked; waiting is the placement's business.
 */
final class DescriptorRing {
    private final RingBuffer<PacketDescriptor> ring;
    private final EventPoller<PacketDescriptor> poller;
    private long claimed = -1;

    /**
     * Makes a ring.
     *
     * @param arena that the slab is allocated from and lives as long as
     * @param slots a power of two
     */
    DescriptorRing(Arena arena, int slots) {
        DescriptorSlab slab =
                new DescriptorSlab(arena.allocate((long) slots * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        int[] next = {0};
        ring = RingBuffer.createSingleProducer(() -> slab.view(next[0]++), slots, new YieldingWaitStrategy());
        poller = ring.newPoller();
        ring.addGatingSequences(poller.getSequence());
    }

    /** The next slot, or null when no more than {@code spare} are free. Producer's thread. */
    @Nullable
    PacketDescriptor tryClaim(int spare) {
        if (!ring.hasAvailableCapacity(spare + 1)) {
            return null;
        }
        claimed = ring.next();
        return ring.get(claimed);
    }

    /** Publishes the claimed slot. Producer's thread. */
    void publish() {
        ring.publish(claimed);
    }

    /** Hands what is published to the handler. Consumer's thread. */
    EventPoller.PollState poll(EventPoller.Handler<PacketDescriptor> handler) {
        try {
            return poller.poll(handler);
        } catch (Exception e) {
            throw new IllegalStateException("a poll handler keeps its errors to itself", e);
        }
    }

    /** True when nothing that was published is unhandled. Either thread. */
    boolean isEmpty() {
        return poller.getSequence().get() == ring.getCursor();
    }

    /** Slots in use. Any thread; approximate on others than the producer's. */
    long used() {
        return ring.getBufferSize() - ring.remainingCapacity();
    }

    /** Slots in all. */
    int slots() {
        return ring.getBufferSize();
    }
}
