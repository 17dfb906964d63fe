package io.marchproxy.l3l4.replay.pcap;

/**
 * The unit of an interface's times (pcapng's if_tsresol), and what is to be added to them (if_tsoffset).
 *
 * @param isBinary whether a second has 2^{@code exponent} units, or 10^{@code exponent}
 * @param offsetSeconds added to each time
 */
record Resolution(boolean isBinary, int exponent, long offsetSeconds) {
    static final Resolution MICROSECONDS = new Resolution(false, 6, 0);

    private static final int BINARY = 0x80;
    private static final int HIGHEST_BINARY = 62;
    private static final int HIGHEST_DECIMAL = 18;
    private static final int NANO = 9;
    private static final long SECOND_NS = 1_000_000_000L;

    /** The same with the unit that an option's byte names. */
    Resolution withUnit(int tsresol) {
        return new Resolution((tsresol & BINARY) != 0, tsresol & ~BINARY, offsetSeconds);
    }

    Resolution withOffset(long seconds) {
        return new Resolution(isBinary, exponent, seconds);
    }

    /**
     * A time in nanoseconds since 1970, cut to them.
     *
     * @param units unsigned
     * @return {@link CaptureReader#NO_TIME} before 1970, after 2261, and in units that no clock has
     */
    long toNs(long units) {
        if (exponent > (isBinary ? HIGHEST_BINARY : HIGHEST_DECIMAL)) {
            return CaptureReader.NO_TIME;
        }
        long perSecond = isBinary ? 1L << exponent : power(exponent);
        long seconds = Long.divideUnsigned(units, perSecond);
        long rest = Long.remainderUnsigned(units, perSecond);
        boolean isUsable = seconds >= 0 && seconds < Long.MAX_VALUE / SECOND_NS;
        long shifted = seconds + offsetSeconds;
        if (!isUsable || shifted < 0 || shifted >= Long.MAX_VALUE / SECOND_NS) {
            return CaptureReader.NO_TIME;
        }
        return shifted * SECOND_NS + restNs(rest);
    }

    private long restNs(long rest) {
        if (!isBinary) {
            return exponent <= NANO ? rest * power(NANO - exponent) : rest / power(exponent - NANO);
        }
        // The product has up to 92 bits; of these the part that is shifted out is less than a nanosecond.
        long high = Math.multiplyHigh(rest, SECOND_NS);
        long low = rest * SECOND_NS;
        return exponent == 0 ? low : (high << (Long.SIZE - exponent)) | (low >>> exponent);
    }

    private static long power(int exponent) {
        long power = 1;
        for (int i = 0; i < exponent; i++) {
            power *= 10;
        }
        return power;
    }
}
