package io.marchproxy.l3l4.replay.latency;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What is told of one stage over one stretch of time. Times are in nanoseconds.
 *
 * @param fromMs since 1970
 * @param toMs since 1970
 * @param atPercentiles in the order in which they were asked for
 */
record Figures(
        String stage,
        long fromMs,
        long toMs,
        long count,
        double minNs,
        double meanNs,
        List<Double> atPercentiles,
        double maxNs) {
    Figures {
        atPercentiles = List.copyOf(atPercentiles);
    }

    /**
     * Figures of a histogram.
     *
     * @param unitNs what its number 1 stands for
     */
    static Figures of(
            String stage, long fromMs, long toMs, Histogram histogram, double unitNs, List<Percentile> percentiles) {
        return new Figures(
                stage,
                fromMs,
                toMs,
                histogram.getTotalCount(),
                histogram.getMinValue() * unitNs,
                histogram.getMean() * unitNs,
                percentiles.stream()
                        .map(percentile -> histogram.getValueAtPercentile(percentile.value()) * unitNs)
                        .toList(),
                histogram.getMaxValue() * unitNs);
    }
}
