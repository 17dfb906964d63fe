package io.marchproxy.l3l4.engine.metrics;

import java.math.BigDecimal;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** Residence times in the buckets that Prometheus sees: 1, 2.5, 5 times each power of ten from 1 µs to 1 s. */
final class ResidenceBuckets {
    private static final long[] BOUNDS_NS = {
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000
    };

    private final long[] atMost = new long[BOUNDS_NS.length];
    private long count;
    private double sumNs;

    private ResidenceBuckets() {}

    /** Sorts a histogram of nanoseconds in one pass over its cells. */
    static ResidenceBuckets of(Histogram times) {
        ResidenceBuckets buckets = new ResidenceBuckets();
        int bound = 0;
        for (HistogramIterationValue value : times.recordedValues()) {
            while (bound < BOUNDS_NS.length && value.getValueIteratedTo() > BOUNDS_NS[bound]) {
                buckets.atMost[bound++] = buckets.count;
            }
            buckets.count += value.getCountAddedInThisIterationStep();
            buckets.sumNs += (double) value.getCountAddedInThisIterationStep()
                    * times.medianEquivalentValue(value.getValueIteratedTo());
        }
        while (bound < BOUNDS_NS.length) {
            buckets.atMost[bound++] = buckets.count;
        }
        return buckets;
    }

    void into(Family family) {
        for (int i = 0; i < BOUNDS_NS.length; i++) {
            family.part("_bucket", seconds(BOUNDS_NS[i]), atMost[i]);
        }
        family.part("_bucket", "+Inf", count);
        family.part("_sum", "", sumNs * 1e-9);
        family.part("_count", "", count);
    }

    /** In full, such as 0.0000025, and with a fraction always, as OpenMetrics has it. */
    private static String seconds(long ns) {
        BigDecimal seconds = BigDecimal.valueOf(ns, 9).stripTrailingZeros();
        return seconds.setScale(Math.max(1, seconds.scale())).toPlainString();
    }
}
