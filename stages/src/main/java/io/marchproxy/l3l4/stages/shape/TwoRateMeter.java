package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * A two rate three color marker (RFC 2698): a packet beyond the peak rate is red, one beyond the committed rate alone is yellow.
 * One thread.
 */
public final class TwoRateMeter {
    private final TokenBucket peak = new TokenBucket();
    private final TokenBucket committed = new TokenBucket();

    /**
     * A meter whose buckets are full, as the RFC has them begin.
     *
     * @param peakBitsPerSecond PIR, at least the committed rate
     * @param peakBytes PBS, from 1 to {@link TokenBucket#LARGEST_BURST}
     * @param committedBitsPerSecond CIR, at least {@link TokenBucket#LOWEST_RATE}
     * @param committedBytes CBS, from 1 to {@link TokenBucket#LARGEST_BURST}
     * @param nowNs when it begins
     */
    public TwoRateMeter(
            long peakBitsPerSecond, long peakBytes, long committedBitsPerSecond, long committedBytes, long nowNs) {
        if (committedBitsPerSecond < TokenBucket.LOWEST_RATE || peakBitsPerSecond < committedBitsPerSecond) {
            throw new IllegalArgumentException("peak rate " + peakBitsPerSecond + " and committed rate "
                    + committedBitsPerSecond + ": the one is at least the other, and that at least "
                    + TokenBucket.LOWEST_RATE);
        }
        peak.set(peakBitsPerSecond, peakBytes, nowNs);
        committed.set(committedBitsPerSecond, committedBytes, nowNs);
    }

    /** The color of a packet that came without one, or whose color is not believed (color-blind). */
    public Color mark(int bytes, long nowNs) {
        return mark(bytes, Color.GREEN, nowNs);
    }

    /** Changes its limits, or has them be a shard's part of them; what was earned stays, as far as there is room for it. */
    void change(long peakBitsPerSecond, long peakBytes, long committedBitsPerSecond, long committedBytes, long nowNs) {
        peak.share(peakBitsPerSecond, peakBytes, nowNs);
        committed.share(committedBitsPerSecond, committedBytes, nowNs);
    }

    /** The color of what may be larger than a bucket, and then passes when that is full: see {@link SingleRateMeter}. */
    Color police(int bytes, long nowNs) {
        if (!peak.admits(bytes, nowNs)) {
            return Color.RED;
        }
        peak.take(bytes);
        if (!committed.admits(bytes, nowNs)) {
            return Color.YELLOW;
        }
        committed.take(bytes);
        return Color.GREEN;
    }

    void save(StateWriter to) {
        peak.save(to);
        committed.save(to);
    }

    /** Takes over what was saved of a meter with this one's limits. */
    void restore(StateReader from) {
        peak.restore(from);
        committed.restore(from);
    }

    /** The color of a packet that came with one (color-aware): never better than that. */
    public Color mark(int bytes, Color before, long nowNs) {
        if (before == Color.RED || !peak.covers(bytes, nowNs)) {
            return Color.RED;
        }
        peak.take(bytes);
        if (before == Color.YELLOW || !committed.covers(bytes, nowNs)) {
            return Color.YELLOW;
        }
        committed.take(bytes);
        return Color.GREEN;
    }
}
