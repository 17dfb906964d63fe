package io.marchproxy.l3l4.config.settings;

/**
 * How fast a service may be, and how fast it is in any case.
 *
 * @param guaranteeBits what it has in any case, in each direction, in bits per second; 0 for nothing
 * @param toBackendBits ceiling of what goes to backends, in bits per second; 0 for none
 * @param toClientBits ceiling of what goes to clients; 0 for none
 * @param burstBytes what may pass at once, in each direction; of no meaning without a ceiling
 */
public record ShapingSettings(long guaranteeBits, long toBackendBits, long toClientBits, long burstBytes) {
    /** 8 kbit/s. */
    public static final long LOWEST_RATE = 8_000L;

    /** 400 Gbit/s. */
    public static final long HIGHEST_RATE = 400_000_000_000L;

    /** A full Ethernet frame's payload: a burst that is less could not let one pass. */
    public static final long LEAST_BURST = 1_500L;

    /** 256 MiB. */
    public static final long LARGEST_BURST = 1L << 28;

    /** No ceiling. */
    public static final ShapingSettings NONE = new ShapingSettings(0, 0, 0, 0);

    private static final long USUAL_LEAST = 16L << 10;
    private static final long USUAL_MOST = 1L << 20;

    /** Bits of 4 ms to a byte: the part of a rate that is its usual burst. */
    private static final long USUAL_DIVISOR = 8 * 250L;

    public ShapingSettings {
        checkRate("guarantee", guaranteeBits);
        checkRate("rate.to-backend", toBackendBits);
        checkRate("rate.to-client", toClientBits);
        if (toBackendBits != 0 || toClientBits != 0) {
            Ranges.check("burst", burstBytes, LEAST_BURST, LARGEST_BURST);
        }
    }

    /** Without a guarantee. */
    public ShapingSettings(long toBackendBits, long toClientBits, long burstBytes) {
        this(0, toBackendBits, toClientBits, burstBytes);
    }

    /** What may pass at once where nobody said: what 4 ms of the rate bring, 16 KiB at the least and 1 MiB at the most. */
    public static long usualBurst(long rateBits) {
        return Math.clamp(rateBits / USUAL_DIVISOR, USUAL_LEAST, USUAL_MOST);
    }

    static void checkRate(String what, long rateBits) {
        if (rateBits != 0) {
            Ranges.check(what, rateBits, LOWEST_RATE, HIGHEST_RATE);
        }
    }
}
