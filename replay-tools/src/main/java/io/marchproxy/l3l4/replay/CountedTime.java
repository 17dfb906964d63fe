package io.marchproxy.l3l4.replay;

import org.jspecify.annotations.Nullable;

/** The part of a recording that is counted, by arrival. What came before is run through all the same: it made what was then. */
record CountedTime(long fromMs, long untilMs) {
    static CountedTime between(@Nullable TimeBound from, @Nullable TimeBound until, long firstMs, long nowMs) {
        return new CountedTime(
                from == null ? Long.MIN_VALUE : from.epochMs(firstMs, nowMs),
                until == null ? Long.MAX_VALUE : until.epochMs(firstMs, nowMs));
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
