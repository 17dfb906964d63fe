package io.marchproxy.l3l4.stages.shape;

/**
 * A single rate three color marker (RFC 2697): a committed rate (CIR), and two bursts. The committed bucket (CBS) fills first; what
 * it has no room for goes into the excess bucket (EBS), which so holds what a quiet time left over. Exact, as {@link TokenBucket}
 * is, and in its units. One thread.
 */
public final class SingleRateMeter {
    private final long rate;
    private final long committedRoom;
    private final long excessRoom;
    private final long fillNs;
    private long committed;
    private long excess;
    private long countedNs;

    /**
     * A meter whose buckets are full, as the RFC has them begin.
     *
     * @param rateBitsPerSecond CIR, from {@link TokenBucket#LOWEST_RATE} to {@link TokenBucket#HIGHEST_RATE}
     * @param committedBytes CBS, to {@link TokenBucket#LARGEST_BURST}; it or the other is larger than 0
     * @param excessBytes EBS, likewise
     * @param nowNs when it begins
     */
    public SingleRateMeter(long rateBitsPerSecond, long committedBytes, long excessBytes, long nowNs) {
        if (committedBytes <= 0 && excessBytes <= 0) {
            throw new IllegalArgumentException("a meter without a burst lets nothing pass");
        }
        rate = Math.clamp(rateBitsPerSecond, TokenBucket.LOWEST_RATE, TokenBucket.HIGHEST_RATE);
        committedRoom = Math.clamp(committedBytes, 0, TokenBucket.LARGEST_BURST) * TokenBucket.UNITS;
        excessRoom = Math.clamp(excessBytes, 0, TokenBucket.LARGEST_BURST) * TokenBucket.UNITS;
        fillNs = (committedRoom + excessRoom) / rate + 1;
        committed = committedRoom;
        excess = excessRoom;
        countedNs = nowNs;
    }

    /** The color of a packet that came without one, or whose color is not believed (color-blind). */
    public Color mark(int bytes, long nowNs) {
        return mark(bytes, Color.GREEN, nowNs);
    }

    /** The color of a packet that came with one (color-aware): never better than that. */
    public Color mark(int bytes, Color before, long nowNs) {
        count(nowNs);
        long wanted = bytes * TokenBucket.UNITS;
        if (before == Color.GREEN && committed >= wanted) {
            committed -= wanted;
            return Color.GREEN;
        }
        if (before != Color.RED && excess >= wanted) {
            excess -= wanted;
            return Color.YELLOW;
        }
        return Color.RED;
    }

    private void count(long nowNs) {
        long passedNs = nowNs - countedNs;
        countedNs = nowNs;
        if (passedNs >= fillNs) {
            committed = committedRoom;
            excess = excessRoom;
        } else if (passedNs > 0) {
            committed += passedNs * rate;
            if (committed > committedRoom) {
                excess = Math.min(excessRoom, excess + committed - committedRoom);
                committed = committedRoom;
            }
        }
    }
}
