package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * A single rate three color marker (RFC 2697): a committed rate (CIR), and two bursts. The committed bucket (CBS) fills first; what
 * it has no room for goes into the excess bucket (EBS), which so holds what a quiet time left over. Exact, as {@link TokenBucket}
 * is, and in its units. One thread.
 *
 * <p>What {@link #police} is asked for may be larger than a bucket: a run of datagrams that came at once, or what is left of a burst on
 * one of many shards. It passes when the bucket is full, and leaves it in debt, as with {@link TokenBucket}: so the rate holds, and
 * not everything that is large is refused for ever.
 */
public final class SingleRateMeter {
    private long rate;
    private long committedRoom;
    private long excessRoom;
    private long fillNs;
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
        countedNs = nowNs;
        limit(Math.max(rateBitsPerSecond, TokenBucket.LOWEST_RATE), committedBytes, excessBytes);
        committed = committedRoom;
        excess = excessRoom;
    }

    /** Changes its limits, or has them be a shard's part of them; what was earned stays, as far as there is room for it. */
    void change(long rateBitsPerSecond, long committedBytes, long excessBytes, long nowNs) {
        count(nowNs);
        limit(rateBitsPerSecond, committedBytes, excessBytes);
        committed = Math.min(committed, committedRoom);
        excess = Math.min(excess, excessRoom);
    }

    private void limit(long rateBitsPerSecond, long committedBytes, long excessBytes) {
        rate = Math.clamp(rateBitsPerSecond, 1, TokenBucket.HIGHEST_RATE);
        committedRoom = Math.clamp(committedBytes, 0, TokenBucket.LARGEST_BURST) * TokenBucket.UNITS;
        excessRoom = Math.clamp(excessBytes, 0, TokenBucket.LARGEST_BURST) * TokenBucket.UNITS;
        fillNs = (committedRoom + excessRoom + 2 * TokenBucket.LARGEST_PACKET * TokenBucket.UNITS) / rate + 1;
    }

    /** The color of what may be larger than a bucket. */
    Color police(int bytes, long nowNs) {
        count(nowNs);
        long wanted = Math.min(bytes, TokenBucket.LARGEST_PACKET) * TokenBucket.UNITS;
        if (committed >= Math.min(wanted, committedRoom)) {
            committed -= wanted;
            return Color.GREEN;
        }
        if (excessRoom != 0 && excess >= Math.min(wanted, excessRoom)) {
            excess -= wanted;
            return Color.YELLOW;
        }
        return Color.RED;
    }

    void save(StateWriter to) {
        to.number(committed);
        to.number(excess);
        to.number(countedNs);
    }

    /** Takes over what was saved of a meter with this one's limits. */
    void restore(StateReader from) {
        committed = from.number();
        excess = from.number();
        countedNs = from.number();
        long deepest = -TokenBucket.LARGEST_PACKET * TokenBucket.UNITS;
        if (committed > committedRoom || excess > excessRoom || committed < deepest || excess < deepest) {
            throw new IllegalStateException("a meter holds " + committed + " and " + excess + " tokens");
        }
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
