package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.Mix;

/**
 * Chance that repeats: the numbers follow from the seed. SplitMix64 ({@link Mix#spread}): a state of one word, about a
 * nanosecond a number.
 */
final class Draw {
    private static final double UNIT = 0x1.0p-53;

    private long state;

    Draw(long seed) {
        state = seed;
    }

    /** The chance of a service, which draws of others leave as it is: what changes of one shows in no other. */
    static Draw of(long seed, int service) {
        return new Draw(Mix.spread(seed ^ Mix.spread(service)));
    }

    private long next() {
        long value = Mix.spread(state);
        state += Mix.GOLDEN;
        return value;
    }

    /** A number from 0 to before {@code bound}: the high word of a product, which for small bounds is as good as without bias. */
    int below(int bound) {
        return (int) Math.unsignedMultiplyHigh(next(), bound);
    }

    /** A number from 0 to before 1. */
    double fraction() {
        return (next() >>> 11) * UNIT;
    }

    long state() {
        return state;
    }

    void state(long value) {
        state = value;
    }
}
