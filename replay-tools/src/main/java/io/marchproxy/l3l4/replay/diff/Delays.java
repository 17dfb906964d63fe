package io.marchproxy.l3l4.replay.diff;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** How long packets were held, to within one percent. Most are not held at all: those are but counted. */
final class Delays {
    private static final int DIGITS = 2;
    private static final double PERCENT = 100.0;

    /** Less than one packet, more than what a percentile is off as a binary fraction. */
    private static final double ROUNDING = 1e-3;

    private final int digits;
    private long atOnce;
    private @Nullable Histogram held;

    Delays() {
        this(DIGITS);
    }

    /** With fewer digits a histogram is smaller: 1 for ten percent. */
    Delays(int digits) {
        this.digits = digits;
    }

    void add(long delayNs, long packets) {
        if (delayNs <= 0) {
            atOnce += packets;
        } else {
            histogram().recordValueWithCount(delayNs, packets);
        }
    }

    void add(Delays other) {
        atOnce += other.atOnce;
        Histogram theirs = other.held;
        if (theirs != null) {
            histogram().add(theirs);
        }
    }

    private Histogram histogram() {
        Histogram known = held;
        if (known == null) {
            known = new Histogram(digits);
            held = known;
        }
        return known;
    }

    private long count() {
        Histogram known = held;
        return atOnce + (known == null ? 0 : known.getTotalCount());
    }

    /** The delay that {@code percentile} of a hundred packets did not exceed; 0 when there is none. */
    long atPercentile(double percentile) {
        Histogram known = held;
        long rank = (long) Math.ceil(percentile / PERCENT * count() - ROUNDING);
        if (known == null || rank <= atOnce) {
            return 0;
        }
        double amongHeld = (rank - atOnce - 0.5) / known.getTotalCount() * PERCENT;
        return Math.min(known.getValueAtPercentile(amongHeld), known.getMaxValue());
    }

    DelayFigures figures() {
        Histogram known = held;
        double mean = known == null ? 0 : known.getMean() * known.getTotalCount() / count();
        return new DelayFigures(
                atPercentile(50),
                atPercentile(90),
                atPercentile(99),
                atPercentile(99.9),
                known == null ? 0 : known.getMaxValue(),
                mean,
                DelayFigures.CURVE.stream().map(this::atPercentile).toList());
    }
}
