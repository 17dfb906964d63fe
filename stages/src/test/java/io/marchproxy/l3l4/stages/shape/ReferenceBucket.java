package io.marchproxy.l3l4.stages.shape;

import java.math.BigInteger;

/** A token bucket in numbers that can't overflow, and the most that it may have let pass in any time: burst + rate × t. */
final class ReferenceBucket {
    private static final BigInteger UNITS = BigInteger.valueOf(TokenBucket.UNITS);

    private BigInteger rate = BigInteger.ZERO;
    private BigInteger capacity = BigInteger.ZERO;
    private BigInteger tokens = BigInteger.ZERO;
    private BigInteger largest = BigInteger.ZERO;
    private long countedNs;

    /** What has passed less what was earned, and its lowest point so far. */
    private BigInteger ahead = BigInteger.ZERO;

    private BigInteger lowest = BigInteger.ZERO;
    private boolean keepsToTheBurst = true;

    private RateLimit whole = RateLimit.NONE;
    private long share = ShareOf.WHOLE;

    void set(RateLimit limit, long nowNs) {
        whole = limit;
        change(true, nowNs);
    }

    void share(int newShare, long nowNs) {
        share = newShare;
        change(false, nowNs);
    }

    private long part(long of) {
        return of == 0 ? 0 : Math.max(1, of * share / ShareOf.WHOLE);
    }

    private void change(boolean fullStaysFull, long nowNs) {
        BigInteger room =
                BigInteger.valueOf(Math.max(1, part(whole.burstBytes()))).multiply(UNITS);
        if (rate.signum() == 0) {
            tokens = room;
        } else {
            count(nowNs);
            tokens = fullStaysFull && tokens.equals(capacity) ? room : tokens.min(room);
        }
        countedNs = nowNs;
        capacity = room;
        largest = BigInteger.ZERO;
        rate = BigInteger.valueOf(part(whole.bitsPerSecond()));
        ahead = BigInteger.ZERO;
        lowest = BigInteger.ZERO;
        keepsToTheBurst = true;
    }

    boolean isLimited() {
        return rate.signum() != 0;
    }

    boolean isFull(long nowNs) {
        count(nowNs);
        return tokens.equals(capacity);
    }

    boolean admits(int bytes, long nowNs) {
        count(nowNs);
        return !isLimited() || tokens.compareTo(units(bytes).min(capacity)) >= 0;
    }

    boolean opens(int bytes, long nowNs) {
        count(nowNs);
        largest = largest.max(units(bytes));
        return !isLimited() || tokens.compareTo(largest.min(capacity)) >= 0;
    }

    long opensNs(long nowNs) {
        return nowNs + waitNs(largest.min(capacity).subtract(tokens));
    }

    boolean hasAny(long nowNs) {
        count(nowNs);
        return isLimited() && tokens.signum() > 0;
    }

    long anyNs(long nowNs) {
        return nowNs + waitNs(BigInteger.ONE.subtract(tokens));
    }

    void take(int bytes) {
        if (isLimited()) {
            tokens = tokens.subtract(units(bytes));
            ahead = ahead.add(units(bytes));
            keepsToTheBurst &= units(bytes).compareTo(capacity) <= 0;
        }
    }

    /** Whether no more has passed, in any time since the limit was set, than it allows; packets that are larger than the burst aside. */
    boolean isKept() {
        return !isLimited() || !keepsToTheBurst || ahead.subtract(lowest).compareTo(capacity) <= 0;
    }

    private void count(long nowNs) {
        BigInteger earned = rate.multiply(BigInteger.valueOf(nowNs).subtract(BigInteger.valueOf(countedNs)));
        countedNs = nowNs;
        tokens = tokens.add(earned).min(capacity);
        ahead = ahead.subtract(earned);
        lowest = lowest.min(ahead);
        if (tokens.equals(capacity)) {
            largest = BigInteger.ZERO;
        }
    }

    private long waitNs(BigInteger lacking) {
        BigInteger[] wait = lacking.divideAndRemainder(rate);
        return Math.max(0, wait[0].longValueExact() + wait[1].signum());
    }

    private static BigInteger units(int bytes) {
        return BigInteger.valueOf(bytes).multiply(UNITS);
    }
}
