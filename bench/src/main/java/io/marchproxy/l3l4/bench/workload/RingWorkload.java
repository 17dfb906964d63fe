package io.marchproxy.l3l4.bench.workload;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.YieldingWaitStrategy;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The hop through a shard's ring in the run-to-completion placement: one thread claims and publishes a batch slot by slot,
 * and polls it. A single-producer Disruptor ring made as the engine makes its own.
 */
public final class RingWorkload implements Workload {
    private static final int SLOTS = 1 << 12;

    private final RingBuffer<PacketDescriptor> ring;
    private final EventPoller<PacketDescriptor> poller;
    private final EventPoller.Handler<PacketDescriptor> handler = this::handle;
    private long nowNs;
    private int inOrder;
    private long expectedNs;

    /** A ring of 4,096 slots, as shards have by default. */
    public RingWorkload(Arena arena) {
        PacketDescriptor[] slots = Traffic.descriptors(arena, SLOTS);
        AtomicInteger next = new AtomicInteger();
        ring = RingBuffer.createSingleProducer(() -> slots[next.getAndIncrement()], SLOTS, new YieldingWaitStrategy());
        poller = ring.newPoller();
        ring.addGatingSequences(poller.getSequence());
    }

    @Override
    public int batch() {
        for (int i = 0; i < BATCH; i++) {
            if (!ring.hasAvailableCapacity(1)) {
                throw new IllegalStateException("the ring is full");
            }
            long claimed = ring.next();
            ring.get(claimed).arrivalNs(++nowNs);
            ring.publish(claimed);
        }
        inOrder = 0;
        try {
            while (poller.poll(handler) == EventPoller.PollState.PROCESSING) {
                Thread.onSpinWait();
            }
        } catch (Exception e) {
            throw new IllegalStateException("the handler throws nothing", e);
        }
        return inOrder;
    }

    private boolean handle(PacketDescriptor packet, long sequence, boolean endOfBatch) {
        inOrder += packet.arrivalNs() == ++expectedNs ? 1 : 0;
        return true;
    }
}
