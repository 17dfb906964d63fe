package io.marchproxy.l3l4.config.settings;

/**
 * How fast a service may be, and how fast it is in any case.
 *
 * @param guaranteeBits what it has in any case, in each direction, in bits per second; 0 for nothing
 * @param toBackendBits ceiling of what goes to backends, in bits per second; 0 for none
 * @param toClientBits ceiling of what goes to clients; 0 for none
 * @param burstBytes what may pass at once, in each direction; of no meaning without a ceiling
 * @param client what each client may have
 * @param connection what each connection and session may have
 */
public record ShapingSettings(
        long guaranteeBits,
        long toBackendBits,
        long toClientBits,
        long burstBytes,
        Ceilings client,
        Ceilings connection) {
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

    /** Without ceilings for each client or connection. */
    public ShapingSettings(long guaranteeBits, long toBackendBits, long toClientBits, long burstBytes) {
        this(guaranteeBits, toBackendBits, toClientBits, burstBytes, Ceilings.NONE, Ceilings.NONE);
    }

    /** Without a guarantee. */
    public ShapingSettings(long toBackendBits, long toClientBits, long burstBytes) {
        this(0, toBackendBits, toClientBits, burstBytes);
    }

    /**
     * What one of many may have in each direction, in bits per second; 0 for no limit.
     *
     * @param toBackendBits of what comes from it
     * @param toClientBits of what goes to it
     */
    public record Ceilings(long toBackendBits, long toClientBits) {
        public static final Ceilings NONE = new Ceilings(0, 0);

        public Ceilings {
            checkRate("to-backend", toBackendBits);
            checkRate("to-client", toClientBits);
        }
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
