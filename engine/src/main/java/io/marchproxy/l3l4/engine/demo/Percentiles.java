package io.marchproxy.l3l4.engine.demo;

import org.HdrHistogram.AbstractHistogram;

/** What a report says of a histogram of nanoseconds. */
record Percentiles(long count, long p50Ns, long p90Ns, long p99Ns, long p999Ns, long maxNs) {
    static Percentiles of(AbstractHistogram times) {
        return new Percentiles(
                times.getTotalCount(),
                times.getValueAtPercentile(50),
                times.getValueAtPercentile(90),
                times.getValueAtPercentile(99),
                times.getValueAtPercentile(99.9),
                times.getMaxValue());
    }
}
