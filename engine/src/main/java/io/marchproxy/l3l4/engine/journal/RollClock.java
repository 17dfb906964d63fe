package io.marchproxy.l3l4.engine.journal;

import net.openhft.chronicle.core.time.TimeProvider;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.rollcycles.LegacyRollCycles;

/**
 * The time that Chronicle Queue is told, which only we move: it begins a new file when the minute changes, and so does when
 * we say so, by size as well as by age. A file's name is the minute in which it began (UTC); when several begin in one, or
 * the wall clock was set back, the names run ahead. They never go back.
 */
final class RollClock implements TimeProvider {
    /** A file a minute at the most, 65,536 × 16 documents indexed in each. */
    static final RollCycle CYCLE = LegacyRollCycles.MINUTELY;

    private static final long MINUTE_MS = 60_000;

    private volatile long cycle;

    /** Says which file was the last so far. */
    void startAfter(long lastCycle) {
        cycle = lastCycle;
    }

    /** Goes to the next file's minute. */
    void advance(long wallMs) {
        cycle = Math.max(cycle + 1, Math.floorDiv(wallMs, MINUTE_MS));
    }

    @Override
    public long currentTimeMillis() {
        return cycle * MINUTE_MS;
    }
}
