package io.marchproxy.l3l4.stages.classify;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Finds the smallest of many blocks that a number lies in, and from there the larger ones that hold it. The dimension is cut at
 * every end of a block; which of the pieces holds a number is found by halving (Gupta, McKeown, "Algorithms for packet
 * classification", 2001, has it as the search on ranges). Immutable.
 */
final class Blocks {
    /** No block. */
    static final int NONE = -1;

    private final boolean isWide;
    private int pieces;

    /** Where pieces begin, ascending as signed numbers: the sign bit is turned over. */
    private long[] highs;

    private long[] lows;

    /** The smallest block that a piece lies in. */
    private int[] smallest;

    /** The smallest block besides itself that a block lies in. */
    private final int[] parents;

    /** Of blocks of one family in the order of {@link #ORDER}. */
    Blocks(List<Block> sorted) {
        int count = sorted.size();
        isWide = sorted.getFirst().family() == 6;
        highs = new long[2 * count + 1];
        lows = new long[2 * count + 1];
        smallest = new int[2 * count + 1];
        parents = new int[count];
        Deque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            Block block = sorted.get(i);
            while (!open.isEmpty() && endsBefore(sorted.get(open.peek()), block)) {
                close(open, sorted);
            }
            parents[i] = open.isEmpty() ? NONE : open.peek();
            open.push(i);
            begin(block.high(), block.low(), i);
        }
        while (!open.isEmpty()) {
            close(open, sorted);
        }
        highs = Arrays.copyOf(highs, isWide ? pieces : 0);
        lows = Arrays.copyOf(lows, pieces);
        smallest = Arrays.copyOf(smallest, pieces);
    }

    /** By where they begin, the larger first. */
    static final Comparator<Block> ORDER = Comparator.<Block>comparingLong(block -> block.high() ^ Long.MIN_VALUE)
            .thenComparingLong(block -> block.low() ^ Long.MIN_VALUE)
            .thenComparing(Comparator.comparingInt(Block::hostBits).reversed());

    private static boolean endsBefore(Block one, Block other) {
        int order = Long.compareUnsigned(one.lastHigh(), other.high());
        return order < 0 || (order == 0 && Long.compareUnsigned(one.lastLow(), other.low()) < 0);
    }

    private void close(Deque<Integer> open, List<Block> sorted) {
        Block closed = sorted.get(open.pop());
        long low = closed.lastLow() + 1;
        long high = closed.lastHigh() + (low == 0 ? 1 : 0);
        if (low != 0 || high != 0) {
            begin(high, low, open.isEmpty() ? NONE : open.peek());
        }
    }

    private void begin(long high, long low, int block) {
        long signedHigh = high ^ Long.MIN_VALUE;
        long signedLow = low ^ Long.MIN_VALUE;
        if (pieces == 0 || lows[pieces - 1] != signedLow || highs[pieces - 1] != signedHigh) {
            pieces++;
        }
        highs[pieces - 1] = signedHigh;
        lows[pieces - 1] = signedLow;
        smallest[pieces - 1] = block;
    }

    /** The smallest block that a number lies in, or {@link #NONE}. */
    int find(long high, long low) {
        return isWide ? findWide(high ^ Long.MIN_VALUE, low ^ Long.MIN_VALUE) : findNarrow(low ^ Long.MIN_VALUE);
    }

    /** Without a branch in the loop that data would decide: it would be mispredicted every other time. */
    private int findNarrow(long low) {
        long[] begins = lows;
        int base = 0;
        for (int left = begins.length; left > 1; ) {
            int half = left >>> 1;
            base = begins[base + half] <= low ? base + half : base;
            left -= half;
        }
        return begins[base] <= low ? smallest[base] : NONE;
    }

    private int findWide(long high, long low) {
        int base = 0;
        for (int left = pieces; left > 1; ) {
            int half = left >>> 1;
            base = isAtOrBefore(base + half, high, low) ? base + half : base;
            left -= half;
        }
        return isAtOrBefore(base, high, low) ? smallest[base] : NONE;
    }

    private boolean isAtOrBefore(int piece, long high, long low) {
        return highs[piece] < high || (highs[piece] == high && lows[piece] <= low);
    }

    /** The next larger block that holds a block, or {@link #NONE}. */
    int parent(int block) {
        return parents[block];
    }

    /** Bytes that it takes, about. */
    long bytes() {
        return (highs.length + lows.length) * (long) Long.BYTES + (smallest.length + parents.length) * 4L + 112;
    }
}
