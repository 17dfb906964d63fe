package io.marchproxy.l3l4.replay.shaping;

import java.math.BigInteger;

/**
 * A meter by the words of RFC 2697 (one rate, and a second bucket that has what the first has no room for) or RFC 2698 (two rates), in big
 * numbers: tokens are bits times nanoseconds. Of packets that are no larger than a bucket.
 */
final class ReferenceMeter {
    private static final BigInteger BYTE = BigInteger.valueOf(8_000_000_000L);
    private static final int CONFORM = 0;
    private static final int EXCEED = 1;
    private static final int VIOLATE = 2;

    private final long rate;
    private final long peakRate;
    private final BigInteger committedRoom;
    private final BigInteger otherRoom;
    private BigInteger committed;
    private BigInteger other;
    private long beforeNs = Long.MIN_VALUE;

    /** What the rate, and the peak rate, brought while their buckets had no room for it. */
    private BigInteger over = BigInteger.ZERO;

    private BigInteger overPeak = BigInteger.ZERO;

    /**
     * A meter with full buckets.
     *
     * @param rate bits per second
     * @param peakRate that of RFC 2698, or 0
     * @param otherBytes of the peak's bucket, or of the excess bucket
     */
    ReferenceMeter(long rate, long committedBytes, long peakRate, long otherBytes) {
        this.rate = rate;
        this.peakRate = peakRate;
        committedRoom = BigInteger.valueOf(committedBytes).multiply(BYTE);
        otherRoom = BigInteger.valueOf(otherBytes).multiply(BYTE);
        committed = committedRoom;
        other = otherRoom;
    }

    /** The color: 0 conforms, 1 exceeds, 2 violates. */
    int color(int bytes, long nowNs) {
        BigInteger passed = BigInteger.valueOf(beforeNs == Long.MIN_VALUE ? 0 : nowNs - beforeNs);
        beforeNs = nowNs;
        BigInteger earned = passed.multiply(BigInteger.valueOf(rate));
        BigInteger room = committedRoom.subtract(committed);
        committed = committed.add(earned.min(room));
        BigInteger left = earned.subtract(earned.min(room));
        over = over.add(left);
        other = other.add(peakRate == 0 ? left : passed.multiply(BigInteger.valueOf(peakRate)));
        overPeak = overPeak.add(other.subtract(otherRoom).max(BigInteger.ZERO));
        other = other.min(otherRoom);
        BigInteger wanted = BigInteger.valueOf(bytes).multiply(BYTE);
        return peakRate == 0 ? single(wanted) : two(wanted);
    }

    private int single(BigInteger wanted) {
        if (committed.compareTo(wanted) >= 0) {
            committed = committed.subtract(wanted);
            return CONFORM;
        }
        if (other.compareTo(wanted) >= 0) {
            other = other.subtract(wanted);
            return EXCEED;
        }
        // Without an excess burst there are two colors.
        return otherRoom.signum() == 0 ? EXCEED : VIOLATE;
    }

    private int two(BigInteger wanted) {
        if (other.compareTo(wanted) < 0) {
            return VIOLATE;
        }
        other = other.subtract(wanted);
        if (committed.compareTo(wanted) < 0) {
            return EXCEED;
        }
        committed = committed.subtract(wanted);
        return CONFORM;
    }

    /** For how long the rate has run into a full bucket, in seconds: as if the sender had paused for so long. */
    double idleSeconds() {
        return over.doubleValue() / rate / 1e9;
    }

    /** The same of the peak rate. */
    double peakIdleSeconds() {
        return overPeak.doubleValue() / peakRate / 1e9;
    }
}
