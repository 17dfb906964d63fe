package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.shard.DescriptorRing;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;

/**
 * The hop through a shard's ring in the run-to-completion placement: one thread claims and publishes a batch slot by slot,
 * and polls it.
 */
public final class RingWorkload implements Workload {
    private static final int SLOTS = 1 << 12;

    private final DescriptorRing ring;
    private final DescriptorRing.BatchHandler handler = this::handle;
    private long nowNs;
    private int inOrder;
    private long expectedNs;

    /** A ring of 4,096 slots, as shards have by default. */
    public RingWorkload(Arena arena) {
        ring = new DescriptorRing(arena, SLOTS);
    }

    @Override
    public int batch() {
        for (int i = 0; i < BATCH; i++) {
            PacketDescriptor slot = ring.tryClaim(0);
            if (slot == null) {
                throw new IllegalStateException("the ring is full");
            }
            slot.arrivalNs(++nowNs);
            ring.publish();
        }
        inOrder = 0;
        while (ring.poll(handler)) {
            Thread.onSpinWait();
        }
        return inOrder;
    }

    private void handle(PacketDescriptor[] slots, int from, int count) {
        for (int i = from; i < from + count; i++) {
            inOrder += slots[i].arrivalNs() == ++expectedNs ? 1 : 0;
        }
    }
}
