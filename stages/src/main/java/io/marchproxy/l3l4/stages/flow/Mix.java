package io.marchproxy.l3l4.stages.flow;

/** What hashes and drawn numbers are made of. Their results are recorded, or decide what is: none may ever be another. */
public final class Mix {
    /** The golden ratio's part behind the point, in 64 bits. */
    public static final long GOLDEN = 0x9e37_79b9_7f4a_7c15L;

    private Mix() {}

    /**
     * Spreads whatever is different in a number over all of its bits: the output function of SplitMix64 (Steele, Lea, Flood, "Fast
     * splittable pseudorandom number generators", 2014).
     */
    public static long spread(long value) {
        long z = value + GOLDEN;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** The product's both halves in one (wyhash). */
    public static long fold(long a, long b) {
        return (a * b) ^ Math.unsignedMultiplyHigh(a, b);
    }
}
