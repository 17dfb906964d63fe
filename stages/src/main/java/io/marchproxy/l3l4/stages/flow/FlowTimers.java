package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;

/**
 * Ends flows that have been silent for too long, in virtual time.
 *
 * <p>A timing wheel (Varghese, Lauck, "Hashed and hierarchical timing wheels", 1987) of one level: a bucket per tick of
 * 2^22 ns (4.2 ms), 16,384 of them, a span of 68.7 s. Arming and cancelling cost a few writes whatever the number of
 * flows, since the links stand in the flow entries themselves. A packet does not touch the wheel: a timer that comes up
 * asks for its flow's deadline as of then, and goes on waiting if packets have moved it. A deadline past the span waits
 * for the span's end first, by the same rule, which also bounds how long a time-out that a reload shortened (or switched
 * on) goes unnoticed. A bitmap finds the next bucket that holds anything.
 *
 * <p>A flow ends at the first tick at or after its deadline. Flows end in the order of their ticks, and within a tick in
 * the order in which their timers were set, so the same events always end the same flows in the same order.
 */
public final class FlowTimers extends SingleWriter {
    /** The tick's length as a power of two nanoseconds. */
    public static final int TICK_SHIFT = 22;

    private static final int BUCKETS = 1 << 14;
    private static final int BUCKET_MASK = BUCKETS - 1;
    private static final int NONE = -1;

    /** A link that names a bucket b rather than a flow is b's complement less one: −2 for bucket 0. */
    private static final int BUCKET_LINK = -2;

    /** What the timers ask of, and tell, the pipeline. */
    public interface Expiry {
        /** When the flow is to end as things stand; {@code Long.MAX_VALUE} for never. */
        long deadlineNs(long entry);

        /** The flow's deadline has come; its timer is no longer set. */
        void expired(long flowRef);
    }

    private final FlowTable flows;
    private final Expiry expiry;
    private final int[] firsts = new int[BUCKETS];
    private final int[] lasts = new int[BUCKETS];
    private final long[] occupied = new long[BUCKETS / Long.SIZE];

    /** The tick up to which everything has come up. */
    private long tick = Long.MIN_VALUE;

    /** No timer stands before this tick; the one at it may have been cancelled meanwhile. */
    private long nextTick = Long.MAX_VALUE;

    /** Timers for the flows of a table, none set. */
    public FlowTimers(FlowTable flows, Expiry expiry) {
        this.flows = flows;
        this.expiry = expiry;
        Arrays.fill(firsts, NONE);
        Arrays.fill(lasts, NONE);
    }

    /** When {@link #expire} is next due, in nanoseconds; {@code Long.MAX_VALUE} when no timer is set. */
    public long nextNs() {
        return nextTick == Long.MAX_VALUE ? Long.MAX_VALUE : nextTick << TICK_SHIFT;
    }

    /**
     * Sets the timer of a flow that has none set.
     *
     * @param nowNs the time up to which everything due has been handled
     */
    public void arm(int slot, long entry, long deadlineNs, long nowNs) {
        tick = Math.max(tick, nowNs >> TICK_SHIFT);
        link(slot, entry, Math.clamp(ceilingTick(deadlineNs), tick + 1, tick + BUCKETS - 1));
    }

    /** Takes a flow's timer away if it is set. */
    public void cancel(long entry) {
        if (previous(entry) != NONE) {
            unlink(entry);
        }
    }

    /** Handles the tick at {@link #nextNs}: ends what has come to its deadline, and lets the others wait on. */
    public void expire() {
        if (nextTick == Long.MAX_VALUE) {
            return;
        }
        tick = nextTick;
        long tickNs = tick << TICK_SHIFT;
        int bucket = (int) tick & BUCKET_MASK;
        for (int slot = firsts[bucket]; slot != NONE; slot = firsts[bucket]) {
            long entry = flows.entryAt(slot);
            unlink(entry);
            long deadlineNs = expiry.deadlineNs(entry);
            if (deadlineNs <= tickNs) {
                expiry.expired(flows.refAt(slot));
            } else {
                arm(slot, entry, deadlineNs, tickNs);
            }
        }
        nextTick = findNextTick();
    }

    /** Writes how far time has come; the buckets' links stand in the flow entries. */
    public void save(StateWriter to) {
        to.number(tick);
        to.number(nextTick);
    }

    /**
     * Takes over what was saved, and finds the buckets' ends in the flow entries, which are there again.
     *
     * @param nowNs the time up to which everything due had been handled
     */
    public void restore(StateReader from, long nowNs) {
        tick = from.number();
        nextTick = from.number();
        if (nextTick != Long.MAX_VALUE && (nextTick <= tick || nextTick - BUCKETS > tick || nextNs() <= nowNs)) {
            throw new IllegalStateException("timers at tick " + tick + " are next due at tick " + nextTick);
        }
        for (int slot = 0; slot < flows.slots(); slot++) {
            long entry = flows.entry(flows.refAt(slot));
            if (entry != 0 && (previous(entry) != NONE || next(entry) != NONE)) {
                requireLinked(slot, entry);
                int before = previous(entry);
                int after = next(entry);
                if (before < 0) {
                    int bucket = BUCKET_LINK - before;
                    firsts[bucket] = slot;
                    occupied[bucket >> 6] |= 1L << bucket;
                }
                if (after < 0) {
                    lasts[BUCKET_LINK - after] = slot;
                }
            }
        }
        requireWholeBuckets();
    }

    /** That both neighbours know the slot as theirs. */
    private void requireLinked(int slot, long entry) {
        if (!leadsBack(previous(entry), slot, FlowLayout.TIMER_NEXT)
                || !leadsBack(next(entry), slot, FlowLayout.TIMER_PREVIOUS)) {
            throw new IllegalStateException("the timer of slot " + slot + " is linked to none that is set");
        }
    }

    private boolean leadsBack(int link, int slot, int field) {
        if (link < 0) {
            return link <= BUCKET_LINK && link > BUCKET_LINK - BUCKETS;
        }
        long neighbour = link < flows.slots() ? flows.entry(flows.refAt(link)) : 0;
        return neighbour != 0 && Memory.getInt(neighbour + field) == slot;
    }

    private void requireWholeBuckets() {
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            if ((firsts[bucket] == NONE) != (lasts[bucket] == NONE)) {
                throw new IllegalStateException("the timers of bucket " + bucket + " have one end");
            }
        }
    }

    private void link(int slot, long entry, long atTick) {
        int bucket = (int) atTick & BUCKET_MASK;
        int last = lasts[bucket];
        if (last == NONE) {
            firsts[bucket] = slot;
            previous(entry, BUCKET_LINK - bucket);
            occupied[bucket >> 6] |= 1L << bucket;
        } else {
            next(flows.entryAt(last), slot);
            previous(entry, last);
        }
        lasts[bucket] = slot;
        next(entry, BUCKET_LINK - bucket);
        nextTick = Math.min(nextTick, atTick);
    }

    private void unlink(long entry) {
        int previous = previous(entry);
        int next = next(entry);
        if (previous >= 0) {
            next(flows.entryAt(previous), next);
        } else {
            int bucket = BUCKET_LINK - previous;
            firsts[bucket] = next >= 0 ? next : NONE;
            if (next < 0) {
                occupied[bucket >> 6] &= ~(1L << bucket);
            }
        }
        if (next >= 0) {
            previous(flows.entryAt(next), previous);
        } else {
            lasts[BUCKET_LINK - next] = previous >= 0 ? previous : NONE;
        }
        previous(entry, NONE);
        next(entry, NONE);
    }

    /** The first tick after the present one whose bucket holds a timer: a scan of at most the bitmap's 256 words. */
    private long findNextTick() {
        int from = (int) (tick + 1) & BUCKET_MASK;
        int word = from >> 6;
        long bits = occupied[word] & (-1L << from);
        for (int scanned = 0; scanned <= occupied.length; scanned++) {
            if (bits != 0) {
                int bucket = (word << 6) + Long.numberOfTrailingZeros(bits);
                return tick + 1 + ((bucket - from) & BUCKET_MASK);
            }
            word = (word + 1) & (occupied.length - 1);
            bits = occupied[word];
        }
        return Long.MAX_VALUE;
    }

    private static long ceilingTick(long deadlineNs) {
        long floor = deadlineNs >> TICK_SHIFT;
        return floor << TICK_SHIFT == deadlineNs ? floor : floor + 1;
    }

    private static int previous(long entry) {
        return Memory.getInt(entry + FlowLayout.TIMER_PREVIOUS);
    }

    private static void previous(long entry, int value) {
        Memory.putInt(entry + FlowLayout.TIMER_PREVIOUS, value);
    }

    private static int next(long entry) {
        return Memory.getInt(entry + FlowLayout.TIMER_NEXT);
    }

    private static void next(long entry, int value) {
        Memory.putInt(entry + FlowLayout.TIMER_NEXT, value);
    }
}
