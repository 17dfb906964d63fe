package io.marchproxy.l3l4.engine.journal;

import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/**
 * The wall clock, as far as it can be trusted: somebody may set it while the service runs, and it may have been wrong before.
 * Any thread.
 */
final class JournalClock {
    private final InstantSource wall;
    private final long startedNs = System.nanoTime();
    private final long startedMs;

    JournalClock(InstantSource wall) {
        this.wall = wall;
        this.startedMs = wall.millis();
    }

    /** Milliseconds since 1970, as the wall clock says. */
    long nowMs() {
        return wall.millis();
    }

    /**
     * What to hold a file's age against: the wall clock, but no more than has passed since the start. So a clock that is put
     * forward makes no file old, nor does one that was ahead at the start and is put right.
     */
    long ageMs() {
        return Math.min(wall.millis(), startedMs + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNs));
    }
}
