package io.marchproxy.l3l4.engine.health;

/**
 * How long a backend stays out at the least: a base time, doubled each time that it goes out again soon, up to a bound.
 *
 * <p>Damps flapping as RFC 2439 does for routes, by the simpler rule of Envoy's outlier detection (base_ejection_time times
 * how often it was ejected): a penalty that rises with each flap and wears off with time in good health. Here it is a number
 * of doublings, and ten base times of uninterrupted health take one back. So a backend that always fails again at once is
 * switched no more than log2(most / base) times, and from then on once in the longest hold.
 */
final class HoldDown {
    private static final int FORGIVEN_AFTER_HOLDS = 10;
    private static final int MOST_DOUBLINGS = 40;

    private int doublings;

    /**
     * A backend goes out that was healthy for so long.
     *
     * @param baseNs hold without any doubling
     * @param mostNs the longest that doubling makes of it
     * @return how long it stays out at the least
     */
    long begin(long baseNs, long mostNs, long healthyForNs) {
        if (baseNs == 0) {
            return 0;
        }
        long forgiven = healthyForNs / (FORGIVEN_AFTER_HOLDS * baseNs);
        doublings = (int) Math.max(0, doublings - forgiven);
        long longest = Math.max(baseNs, mostNs);
        long holdNs =
                doublings < Long.numberOfLeadingZeros(baseNs) - 1 ? Math.min(longest, baseNs << doublings) : longest;
        doublings = Math.min(doublings + 1, MOST_DOUBLINGS);
        return holdNs;
    }

    void inherit(HoldDown former) {
        doublings = former.doublings;
    }
}
