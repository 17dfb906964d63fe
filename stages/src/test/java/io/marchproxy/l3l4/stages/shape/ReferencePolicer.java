package io.marchproxy.l3l4.stages.shape;

import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A rule's policer in one direction, by the words of RFC 2697 or RFC 2698 in numbers that can't overflow, with its share of the rates.
 * What is larger than a bucket passes when that is full, and leaves it in debt.
 */
final class ReferencePolicer {
    private static final BigInteger UNITS = BigInteger.valueOf(TokenBucket.UNITS);

    private @Nullable PoliceSettings settings;
    private long share = ShareOf.WHOLE;

    /** Of the committed rate first, then of the excess burst or the peak rate. */
    private final BigInteger[] rooms = {BigInteger.ZERO, BigInteger.ZERO};

    private final BigInteger[] rates = {BigInteger.ZERO, BigInteger.ZERO};
    private final BigInteger[] tokens = {BigInteger.ZERO, BigInteger.ZERO};
    private long countedNs;
    final long[] packets = new long[Color.values().length];
    final long[] bytes = new long[Color.values().length];

    /** Takes over what a snapshot says of its rule; null if none has it any more. */
    void apply(@Nullable PoliceSettings next, long nowNs) {
        PoliceSettings before = settings;
        settings = next;
        if (next == null) {
            share = ShareOf.WHOLE;
            return;
        }
        boolean goesOn = before != null && before.peak().isSet() == next.peak().isSet();
        if (goesOn) {
            count(nowNs);
        }
        countedNs = nowNs;
        limit(next);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = goesOn ? tokens[i].min(rooms[i]) : rooms[i];
        }
    }

    void share(int newShare, long nowNs) {
        PoliceSettings now = settings;
        if (now != null) {
            share = newShare;
            apply(now, nowNs);
        }
    }

    /** What was counted does not go where a state goes that was saved. */
    void forgetCounts() {
        Arrays.fill(packets, 0);
        Arrays.fill(bytes, 0);
    }

    private void limit(PoliceSettings of) {
        boolean isTwo = of.peak().isSet();
        rates[0] = BigInteger.valueOf(part(of.committed().bitsPerSecond()));
        rates[1] = BigInteger.valueOf(part(of.peak().bitsPerSecond()));
        rooms[0] = BigInteger.valueOf(part(of.committed().burstBytes())).multiply(UNITS);
        rooms[1] = BigInteger.valueOf(part(isTwo ? of.peak().burstBytes() : of.excessBytes()))
                .multiply(UNITS);
    }

    private long part(long whole) {
        return whole == 0 ? 0 : Math.max(1, whole * share / ShareOf.WHOLE);
    }

    private void count(long nowNs) {
        BigInteger passed = BigInteger.valueOf(nowNs - countedNs);
        countedNs = nowNs;
        BigInteger committed = tokens[0].add(rates[0].multiply(passed));
        BigInteger over = committed.subtract(rooms[0]).max(BigInteger.ZERO);
        tokens[0] = committed.min(rooms[0]);
        tokens[1] = tokens[1]
                .add(rates[1].signum() == 0 ? over : rates[1].multiply(passed))
                .min(rooms[1]);
    }

    /**
     * What becomes of a packet: {@link PoliceSettings#PASS}, {@link PoliceSettings#DROP}, or the code point that it leaves with.
     *
     * @param isStream whether it is of a stream, which is left alone where anything may be dropped
     */
    int police(int length, int count, boolean isStream, long nowNs) {
        PoliceSettings now = settings;
        if (now == null || (isStream && now.drops())) {
            return PoliceSettings.PASS;
        }
        count(nowNs);
        BigInteger wanted = BigInteger.valueOf(length).multiply(UNITS);
        Color color = now.peak().isSet() ? byTwoRates(wanted) : byOneRate(wanted, now);
        packets[color.ordinal()] += count;
        bytes[color.ordinal()] += length;
        return switch (color) {
            case GREEN -> now.conform();
            case YELLOW -> now.exceed();
            case RED -> now.violate();
        };
    }

    private Color byOneRate(BigInteger wanted, PoliceSettings now) {
        if (takes(0, wanted)) {
            return Color.GREEN;
        }
        if (now.excessBytes() == 0) {
            return Color.YELLOW; // of two kinds the other
        }
        return takes(1, wanted) ? Color.YELLOW : Color.RED;
    }

    private Color byTwoRates(BigInteger wanted) {
        if (!takes(1, wanted)) {
            return Color.RED;
        }
        return takes(0, wanted) ? Color.GREEN : Color.YELLOW;
    }

    private boolean takes(int bucket, BigInteger wanted) {
        if (tokens[bucket].compareTo(wanted.min(rooms[bucket])) < 0) {
            return false;
        }
        tokens[bucket] = tokens[bucket].subtract(wanted);
        return true;
    }
}
