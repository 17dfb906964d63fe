package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * A limit of so many bits a second with so many bytes at once, from 8 kbit/s to 400 Gbit/s, exact over years.
 *
 * <p>Tokens are counted in bits times nanoseconds, 8 × 10⁹ of them to a byte: what a rate in bits per second earns in so many
 * nanoseconds is then their product, a whole number. Nothing is ever divided when tokens are earned or spent, so there is no
 * remainder to lose and no drift. A wait is rounded up to the next nanosecond, and what that earned too much stays in the bucket.
 *
 * <p>It never lets more pass than burst + rate × t in any time t, as far as no packet is larger than the burst; a larger one passes
 * when the bucket is full, and leaves it in debt. Where nobody waits, a packet passes when there are tokens for it ({@link #admits}).
 * Where packets wait, the bucket opens for all of them at one time ({@link #opens}), when it has tokens for the largest that it was
 * asked for since it was last full: so those that are small do not pass by those that are large.
 *
 * <p>One thread. A few adds and a multiplication a packet; a wait costs a division.
 */
public final class TokenBucket {
    /** Tokens to a byte. */
    static final long UNITS = 8_000_000_000L;

    /** The lowest rate that is configured, in bits per second: 8 kbit/s. A shard may have a part of it. */
    public static final long LOWEST_RATE = 8_000L;

    /** The highest, in bits per second: 400 Gbit/s. */
    public static final long HIGHEST_RATE = 400_000_000_000L;

    /** The largest burst: 256 MiB, 5 ms of the highest rate. */
    public static final long LARGEST_BURST = 1L << 28;

    /** A bucket's debt goes no further: with the largest burst above it, a sum of both and a rate is below 2^63. */
    private static final long DEEPEST = -LARGEST_BURST * UNITS;

    /** What a packet takes at the most, in bytes. */
    static final int LARGEST_PACKET = (int) (LARGEST_BURST / 4);

    private long rate;
    private long capacity;
    private long tokens;
    private long countedNs;

    /** The largest packet that was asked for since the bucket was full, in tokens. */
    private long largest;

    /** After so long any bucket is full. */
    private long fillNs;

    /** A bucket without a limit; {@link #set} makes one. */
    public TokenBucket() {
        // all zero: no rate, no limit
    }

    /**
     * Sets or changes the limit. What was earned until now stays, as far as the new burst has room for it; the first time the bucket
     * is full, and one that is full stays so.
     *
     * @param rateBitsPerSecond up to {@link #HIGHEST_RATE}, or 0 for no limit
     * @param burstBytes from 1 to {@link #LARGEST_BURST}
     * @param nowNs of any clock that never runs backwards
     */
    public void set(long rateBitsPerSecond, long burstBytes, long nowNs) {
        change(rateBitsPerSecond, burstBytes, true, nowNs);
    }

    /**
     * Changes the limit as one that was shared out anew: nothing is given besides what was earned, or shares that go to and fro would
     * bring a burst each time.
     */
    public void share(long rateBitsPerSecond, long burstBytes, long nowNs) {
        change(rateBitsPerSecond, burstBytes, false, nowNs);
    }

    private void change(long rateBitsPerSecond, long burstBytes, boolean fullStaysFull, long nowNs) {
        long room = Math.clamp(burstBytes, 1, LARGEST_BURST) * UNITS;
        if (rate == 0) {
            tokens = room;
            countedNs = nowNs;
        } else {
            count(nowNs);
            tokens = fullStaysFull && tokens == capacity ? room : Math.min(tokens, room);
        }
        capacity = room;
        largest = 0;
        rate = Math.clamp(rateBitsPerSecond, 0, HIGHEST_RATE);
        fillNs = rate == 0 ? 0 : ceilingOf(capacity - DEEPEST, rate);
    }

    /** Whether there is a limit at all. */
    public boolean isLimited() {
        return rate != 0;
    }

    /** Whether a packet may pass for which nobody waits; {@link #take} has it pay. */
    public boolean admits(int bytes, long nowNs) {
        if (rate == 0) {
            return true;
        }
        count(nowNs);
        return tokens >= Math.min(Math.min(bytes, LARGEST_PACKET) * UNITS, capacity);
    }

    /** Whether the packets that wait may go on, of which this one is the next; {@link #take} has it pay. */
    public boolean opens(int bytes, long nowNs) {
        if (rate == 0) {
            return true;
        }
        count(nowNs);
        largest = Math.max(largest, Math.min(bytes, LARGEST_PACKET) * UNITS);
        return tokens >= Math.min(largest, capacity);
    }

    /** When {@link #opens}, which has just said no at {@code nowNs}, will say yes. */
    public long opensNs(long nowNs) {
        return nowNs + Math.max(0, ceilingOf(Math.min(largest, capacity) - tokens, rate));
    }

    /** Takes a packet's tokens, those that are there and those that are not. Of a bucket without a limit, nothing. */
    public void take(int bytes) {
        if (rate != 0) {
            tokens = Math.max(DEEPEST, tokens - Math.min(bytes, LARGEST_PACKET) * UNITS);
        }
    }

    /** Takes all that is left. */
    void empty() {
        if (rate != 0) {
            tokens = Math.min(tokens, 0);
        }
    }

    /** Whether there is nothing more to earn, or no limit: it is as one that is new. */
    boolean isFull(long nowNs) {
        if (rate == 0) {
            return true;
        }
        count(nowNs);
        return tokens == capacity;
    }

    /** Whether there are tokens for this packet, whatever came before it: what a meter asks. */
    public boolean covers(int bytes, long nowNs) {
        count(nowNs);
        return tokens >= Math.min(bytes, LARGEST_PACKET) * UNITS;
    }

    /** Whether there is anything in it: who is promised a rate, rather than held to it, may use it up to below nothing. */
    public boolean hasAny(long nowNs) {
        if (rate == 0) {
            return false;
        }
        count(nowNs);
        return tokens > 0;
    }

    /** When {@link #hasAny}, which has just said no at {@code nowNs}, will say yes. */
    public long anyNs(long nowNs) {
        return nowNs + ceilingOf(1 - tokens, rate);
    }

    /** Whole bytes that it had tokens for when last asked; negative in debt. */
    public long bytes() {
        return Math.floorDiv(tokens, UNITS);
    }

    void save(StateWriter to) {
        to.number(tokens);
        to.number(countedNs);
        to.number(largest);
    }

    /** Takes over what was saved of a bucket with this one's limit. */
    void restore(StateReader from) {
        tokens = from.number();
        countedNs = from.number();
        largest = from.number();
        if (rate != 0 && (tokens > capacity || tokens < DEEPEST || largest < 0)) {
            throw new IllegalStateException("a bucket holds " + tokens + " tokens");
        }
    }

    private void count(long nowNs) {
        if (tokens != capacity) {
            long passedNs = nowNs - countedNs;
            // Before fillNs the product is less than the whole way from the deepest debt to a full bucket, and a
            // second's rate.
            tokens = passedNs >= fillNs ? capacity : Math.min(capacity, tokens + passedNs * rate);
        }
        if (tokens == capacity) {
            largest = 0;
        }
        countedNs = nowNs;
    }

    private static long ceilingOf(long dividend, long divisor) {
        return -Math.floorDiv(-dividend, divisor);
    }
}
