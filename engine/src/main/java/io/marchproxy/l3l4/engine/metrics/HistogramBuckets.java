package io.marchproxy.l3l4.engine.metrics;

import java.math.BigDecimal;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** A histogram of times in the few buckets that Prometheus sees. */
final class HistogramBuckets {
    private static final int NANO_DIGITS = 9;
    private static final int MILLI_DIGITS = 3;

    /** 1, 2.5, 5 times each power of ten from 1 µs to 1 s. */
    private static final long[] RESIDENCE_NS = {
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000
    };

    /** 1 ms to a second in powers of ten, then 10 s, a minute, ten minutes, an hour, a day. */
    private static final long[] DURATIONS_MS = {1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000};

    private final long[] bounds;
    private final int digits;
    private final long[] atMost;
    private long count;
    private double sum;

    private HistogramBuckets(long[] bounds, int digits) {
        this.bounds = bounds;
        this.digits = digits;
        this.atMost = new long[bounds.length];
    }

    /** Residence times in nanoseconds. */
    static HistogramBuckets ofResidence(Histogram times) {
        return new HistogramBuckets(RESIDENCE_NS, NANO_DIGITS).sort(times);
    }

    /** Lives of connections in milliseconds. */
    static HistogramBuckets ofDurations(Histogram times) {
        return new HistogramBuckets(DURATIONS_MS, MILLI_DIGITS).sort(times);
    }

    /** In one pass over its cells. */
    private HistogramBuckets sort(Histogram times) {
        int bound = 0;
        for (HistogramIterationValue value : times.recordedValues()) {
            while (bound < bounds.length && value.getValueIteratedTo() > bounds[bound]) {
                atMost[bound++] = count;
            }
            count += value.getCountAddedInThisIterationStep();
            sum += (double) value.getCountAddedInThisIterationStep()
                    * times.medianEquivalentValue(value.getValueIteratedTo());
        }
        while (bound < bounds.length) {
            atMost[bound++] = count;
        }
        return this;
    }

    void into(Family family, String... labelValues) {
        for (int i = 0; i < bounds.length; i++) {
            family.part("_bucket", seconds(bounds[i]), atMost[i], labelValues);
        }
        family.part("_bucket", "+Inf", count, labelValues);
        family.part("_sum", "", BigDecimal.valueOf(sum).movePointLeft(digits).doubleValue(), labelValues);
        family.part("_count", "", count, labelValues);
    }

    /** In full, such as 0.0000025, and with a fraction always, as OpenMetrics has it. */
    private String seconds(long bound) {
        BigDecimal seconds = BigDecimal.valueOf(bound, digits).stripTrailingZeros();
        return seconds.setScale(Math.max(1, seconds.scale())).toPlainString();
    }
}
