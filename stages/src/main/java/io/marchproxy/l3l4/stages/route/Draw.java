package io.marchproxy.l3l4.stages.route;

/**
 * Chance that repeats: the numbers follow from the seed. SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014): a state of one word, about a nanosecond a number.
 */
final class Draw {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
    private static final double UNIT = 0x1.0p-53;

    private long state;

    Draw(long seed) {
        state = seed;
    }

    /** The generator's output function: spreads whatever is different in a number over all of its bits. */
    static long mix(long value) {
        long z = value + GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    private long next() {
        long value = mix(state);
        state += GOLDEN_GAMMA;
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
