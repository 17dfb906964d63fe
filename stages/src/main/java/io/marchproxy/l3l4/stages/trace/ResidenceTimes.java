package io.marchproxy.l3l4.stages.trace;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.HdrHistogram.Histogram;

/**
 * How long packets took on a part of their way through the proxy, counted in the cells of an HdrHistogram of two significant
 * digits.
 *
 * <p>The writer only ever adds to its own cells, with one load and one plain store a packet; readers take the cells
 * whenever they like and subtract what they took before. HdrHistogram's own recorders swap two histograms instead, which
 * costs the writer two atomic operations per value, a quarter of a packet's whole budget.
 */
public final class ResidenceTimes {
    /** Longer times are counted as this one: 2^40 − 1 ns, 18 minutes. */
    public static final long HIGHEST_NS = (1L << 40) - 1;

    private static final int SIGNIFICANT_DIGITS = 2;

    /** A power of two is cut into 128 cells, so that a cell is at most 0.8 % wide. */
    private static final int CELL_BITS = 7;

    private static final int EXACT = 1 << (CELL_BITS + 1);
    private static final int CELLS = cell(HIGHEST_NS) + 1;
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** The neighbours in the heap are other writers': either end stays unused. */
    private final long[] counts = new long[CELLS + 2 * CacheLines.PADDING_LONGS];

    /** Times of nothing yet. */
    public ResidenceTimes() {}

    /** Counts packets that took a time; a negative time counts as 0. By one thread only. */
    public void record(long residenceNs, int packets) {
        int cell = CacheLines.PADDING_LONGS + cell(Math.clamp(residenceNs, 0, HIGHEST_NS));
        CELL.setOpaque(counts, cell, counts[cell] + packets);
    }

    /** Everything counted so far, in nanoseconds. Any thread may ask, and gets a histogram of its own. */
    public Histogram total() {
        return new Interval().next();
    }

    /** A reader that hands out what was counted between its calls. */
    public Interval interval() {
        return new Interval();
    }

    /** One reader's view: each call gives what came since the call before. Use by one thread at a time. */
    public final class Interval {
        private final long[] taken = new long[CELLS];

        private Interval() {}

        /** What was counted since the last call, or since the start at the first, in nanoseconds. */
        public Histogram next() {
            Histogram interval = new Histogram(HIGHEST_NS, SIGNIFICANT_DIGITS);
            for (int i = 0; i < CELLS; i++) {
                long count = (long) CELL.getOpaque(counts, CacheLines.PADDING_LONGS + i);
                if (count != taken[i]) {
                    interval.recordValueWithCount(lowestNs(i), count - taken[i]);
                    taken[i] = count;
                }
            }
            return interval;
        }
    }

    private static int cell(long ns) {
        if (ns < EXACT) {
            return (int) ns;
        }
        int shift = Long.SIZE - 1 - CELL_BITS - Long.numberOfLeadingZeros(ns);
        return (shift << CELL_BITS) + (int) (ns >>> shift);
    }

    private static long lowestNs(int cell) {
        if (cell < EXACT) {
            return cell;
        }
        int shift = (cell >> CELL_BITS) - 1;
        return (long) (cell - (shift << CELL_BITS)) << shift;
    }
}
