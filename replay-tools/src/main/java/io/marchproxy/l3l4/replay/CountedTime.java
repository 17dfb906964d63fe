package io.marchproxy.l3l4.replay;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The part of a recording that is counted, by arrival. What came before is run through all the same: it made what was then. */
record CountedTime(long fromMs, long untilMs) {
    static CountedTime between(@Nullable Instant from, @Nullable Instant until) {
        return new CountedTime(
                from == null ? Long.MIN_VALUE : from.toEpochMilli(),
                until == null ? Long.MAX_VALUE : until.toEpochMilli());
    }

    boolean contains(long epochMs) {
        return epochMs >= fromMs && epochMs < untilMs;
    }

    long notBefore(long epochMs) {
        return Math.max(epochMs, fromMs);
    }

    long notAfter(long epochMs) {
        return Math.min(epochMs, untilMs);
    }
}
