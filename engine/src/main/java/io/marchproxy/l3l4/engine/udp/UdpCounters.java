package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The UDP relay's counters of one shard. Each writing thread has a part of its own; any thread may read the sums. */
public final class UdpCounters {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private final Part loop = new Part();
    private final Part egress = new Part();

    UdpCounters() {}

    /** How often it has happened since the shard's start. */
    public long get(UdpCounter counter) {
        return loop.get(counter) + egress.get(counter);
    }

    /** The event loop's part. */
    Part loop() {
        return loop;
    }

    /** The egress thread's part. */
    Part egress() {
        return egress;
    }

    /** What one thread counts. */
    static final class Part {
        /** The other part is its neighbour in the heap: either end stays unused. */
        private final long[] cells = new long[UdpCounter.count() + 2 * CacheLines.PADDING_LONGS];

        private Part() {}

        void increment(UdpCounter counter) {
            int i = CacheLines.PADDING_LONGS + counter.ordinal();
            CELL.setOpaque(cells, i, (long) CELL.getOpaque(cells, i) + 1);
        }

        private long get(UdpCounter counter) {
            return (long) CELL.getOpaque(cells, CacheLines.PADDING_LONGS + counter.ordinal());
        }
    }
}
