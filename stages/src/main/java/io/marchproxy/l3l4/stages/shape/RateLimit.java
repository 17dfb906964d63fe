package io.marchproxy.l3l4.stages.shape;

/**
 * So many bits a second, and so many bytes at once.
 *
 * @param bitsPerSecond 0 for no limit (of a guarantee: for none)
 * @param burstBytes what may pass at once; of no meaning without a rate
 */
public record RateLimit(long bitsPerSecond, long burstBytes) {
    /** No limit; of a guarantee, none. */
    public static final RateLimit NONE = new RateLimit(0, 0);

    public RateLimit {
        if (bitsPerSecond != 0) {
            if (bitsPerSecond < TokenBucket.LOWEST_RATE || bitsPerSecond > TokenBucket.HIGHEST_RATE) {
                throw new IllegalArgumentException("a rate of " + bitsPerSecond + " bit/s is outside "
                        + TokenBucket.LOWEST_RATE + " to " + TokenBucket.HIGHEST_RATE);
            }
            if (burstBytes < 1 || burstBytes > TokenBucket.LARGEST_BURST) {
                throw new IllegalArgumentException(
                        "a burst of " + burstBytes + " bytes is outside 1 to " + TokenBucket.LARGEST_BURST);
            }
        }
    }

    /** Whether there is a limit. */
    public boolean isSet() {
        return bitsPerSecond != 0;
    }
}
