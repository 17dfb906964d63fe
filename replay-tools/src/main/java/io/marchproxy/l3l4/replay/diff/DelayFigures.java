package io.marchproxy.l3l4.replay.diff;

import java.util.List;

/**
 * From arrival to release, of packets that left.
 *
 * @param p50Ns half of them waited no longer; likewise the others
 * @param meanNs of all, those that left at once included
 * @param curveNs at each percentile of {@link #CURVE}
 */
public record DelayFigures(
        long p50Ns, long p90Ns, long p99Ns, long p999Ns, long maxNs, double meanNs, List<Long> curveNs) {
    /** Percentiles of the curve: dense where tails are. */
    static final List<Double> CURVE = List.of(
            0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 92.5, 95.0, 97.5, 99.0, 99.5, 99.75,
            99.9, 99.95, 99.99, 100.0);

    public DelayFigures {
        curveNs = List.copyOf(curveNs);
    }
}
