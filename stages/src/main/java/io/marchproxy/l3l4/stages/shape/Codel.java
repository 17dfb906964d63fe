package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Controlled delay of one queue (RFC 8289): when packets have waited longer than the target for a whole interval, one of those that
 * leave is marked or dropped, and then another, at times that come closer with the square root of how many it were, until one has
 * waited less. What senders send in a burst passes; what stands in the queue for ever does not.
 *
 * <p>The text's loop over a queue is taken apart into one question for each packet that leaves, since between two of them
 * the shaper may find that another client is next. The last packets of a queue, a frame's worth, are never touched: at a low rate
 * they wait longer than any target. Time is the pipeline's, and all of it is whole nanoseconds: the same arrivals always have the
 * same packets marked.
 */
final class Codel {
    private static final long NEVER = Long.MIN_VALUE;

    /** RFC 8289's MAXPACKET. */
    private static final int FRAME_BYTES = Schedule.QUANTUM;

    /** Who comes into the dropping state again within so many intervals goes on about where the last time ended. */
    private static final long MEMORY_INTERVALS = 16;

    /** Since when packets will have waited too long for an interval; {@link #NEVER} when the last one had not. */
    private long firstAboveNs = NEVER;

    private boolean isDropping;

    /** When, in the dropping state, the next one is due. */
    private long nextNs;

    /** How many it were in this dropping state, with what was remembered of the one before. */
    private long count;

    private long lastCount;

    /** A queue begins. */
    void begin() {
        firstAboveNs = NEVER;
        isDropping = false;
        nextNs = 0;
        count = 0;
        lastCount = 0;
    }

    /**
     * Whether the packet that leaves now is to be marked, or dropped.
     *
     * @param waitedNs how long it was in the queue
     * @param bytesBehind that wait behind it
     */
    boolean isDue(long nowNs, long waitedNs, long bytesBehind, CodelSettings settings) {
        boolean isTooLong = hasWaitedTooLong(nowNs, waitedNs, bytesBehind, settings);
        if (isDropping) {
            if (!isTooLong) {
                isDropping = false;
                return false;
            }
            if (nowNs < nextNs) {
                return false;
            }
            count++;
            nextNs += pause(settings.intervalNs(), count);
            return true;
        }
        if (isTooLong) {
            isDropping = true;
            long again = count - lastCount;
            boolean isSoon = nowNs - nextNs < MEMORY_INTERVALS * settings.intervalNs();
            count = again > 1 && isSoon ? again : 1;
            lastCount = count;
            nextNs = nowNs + pause(settings.intervalNs(), count);
        }
        return isTooLong;
    }

    private boolean hasWaitedTooLong(long nowNs, long waitedNs, long bytesBehind, CodelSettings settings) {
        if (waitedNs < settings.targetNs() || bytesBehind <= FRAME_BYTES) {
            firstAboveNs = NEVER;
            return false;
        }
        if (firstAboveNs == NEVER) {
            firstAboveNs = nowNs + settings.intervalNs();
            return false;
        }
        return nowNs >= firstAboveNs;
    }

    /** The interval by the square root of a count: the largest whole number of nanoseconds that is not more. */
    static long pause(long intervalNs, long count) {
        long square = intervalNs * intervalNs / count;
        long root = (long) Math.sqrt((double) square);
        // A double has fewer digits than a long: the root may be one off.
        while (root * root > square) {
            root--;
        }
        while ((root + 1) * (root + 1) <= square) {
            root++;
        }
        return root;
    }

    void save(StateWriter to) {
        to.number(firstAboveNs);
        to.number(isDropping ? 1 : 0);
        to.number(nextNs);
        to.number(count);
        to.number(lastCount);
    }

    void restore(StateReader from) {
        firstAboveNs = from.number();
        isDropping = from.number(0, 1) == 1;
        nextNs = from.number();
        count = from.number();
        lastCount = from.number();
        if (count < 0 || lastCount < 0) {
            throw new IllegalStateException("a queue has marked " + count + " and " + lastCount + " packets");
        }
    }
}
