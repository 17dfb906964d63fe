package io.marchproxy.l3l4.engine.state;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Removes flows that were last seen too long ago, and the oldest when there are too many. A Chronicle Map knows no order, so it goes
 * around its segments, one at a time, so that what shards hand over never waits long. In one round it sees how old flows are, which
 * gives the age from which on as many go in the next as make the map a sixteenth emptier than it may be: exact in their number, and
 * in their age to one per cent.
 */
final class Sweep {
    private static final int FREE_SHARE = 16;
    private static final int ROUNDS_PER_AGE = 8;
    private static final long SHORTEST_ROUND_NS = TimeUnit.SECONDS.toNanos(8);

    private final StateMap map;
    private final long most;
    private final long maxAgeUs;
    private final long segmentNs;
    private Histogram ages = new Histogram(2);
    private Histogram agesBefore = new Histogram(2);
    private int segment;
    private long nextNs;
    private long roundUs;
    private long expiryUs;
    private long evictionUs = Long.MIN_VALUE;
    private long toEvict;
    private long expired;
    private long evicted;

    /**
     * A sweep that has not begun.
     *
     * @param most flows that may stay
     * @param maxAgeNs since they were last seen
     */
    Sweep(StateMap map, long most, long maxAgeNs, long nowNs) {
        this.map = map;
        this.most = most;
        this.maxAgeUs = TimeUnit.NANOSECONDS.toMicros(maxAgeNs);
        this.segmentNs = Math.max(maxAgeNs / ROUNDS_PER_AGE, SHORTEST_ROUND_NS) / map.segments();
        this.nextNs = nowNs;
    }

    /** Goes over one segment, when it is time for it, or the map is too full. Whether it did. */
    boolean turn(long nowNs, long nowUs) {
        boolean isCrowded = map.size() > most;
        if (!isCrowded && nowNs - nextNs < 0) {
            return false;
        }
        nextNs = nowNs + segmentNs;
        if (segment == 0) {
            begin(nowUs, isCrowded);
        }
        map.scan(
                segment,
                entry -> isToGo(entry.value().bytes().readLong(entry.value().offset() + FlowStateLayout.LAST_SEEN_US)));
        segment = segment + 1 == map.segments() ? 0 : segment + 1;
        return true;
    }

    private void begin(long nowUs, boolean isCrowded) {
        Histogram seen = ages;
        ages = agesBefore;
        ages.reset();
        agesBefore = seen;
        toEvict = isCrowded && seen.getTotalCount() > 0 ? map.size() - (most - most / FREE_SHARE) : 0;
        if (toEvict > 0) {
            double staying = 100.0 * Math.max(0, seen.getTotalCount() - toEvict) / seen.getTotalCount();
            evictionUs = roundUs
                    - TimeUnit.MILLISECONDS.toMicros(seen.lowestEquivalentValue(seen.getValueAtPercentile(staying)));
        }
        roundUs = nowUs;
        expiryUs = nowUs - maxAgeUs;
    }

    private boolean isToGo(long lastSeenUs) {
        if (lastSeenUs < expiryUs) {
            expired++;
            return true;
        }
        if (toEvict > 0 && lastSeenUs <= evictionUs) {
            toEvict--;
            evicted++;
            return true;
        }
        ages.recordValue(TimeUnit.MICROSECONDS.toMillis(Math.max(0, roundUs - lastSeenUs)));
        return false;
    }

    /** Flows removed since they were too old. */
    long expired() {
        return expired;
    }

    /** Flows removed to make room for others. */
    long evicted() {
        return evicted;
    }
}
