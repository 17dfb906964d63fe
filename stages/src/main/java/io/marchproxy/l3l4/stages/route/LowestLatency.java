package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The fastest, by {@link PeakEwma} over probes and live connects, losses included; those within a quarter and 100 µs of the fastest
 * are as good, and share by {@link TwoChoices}. A backend at which connects wait is as slow as they have waited, before any of them
 * has an answer.
 */
final class LowestLatency extends TwoChoices {
    private static final double AS_GOOD = 1.25;
    private static final double AS_GOOD_NS = 100_000;
    private static final double MILLI_NS = 1e6;
    private double limitNs;

    LowestLatency(Candidates candidates, Draw draw) {
        super(candidates, draw);
    }

    @Override
    public boolean followsTime() {
        return true;
    }

    @Override
    double rank(int position, long nowNs) {
        double latencyNs = candidates.latencyNs(position, nowNs);
        return latencyNs == 0 ? Double.NaN : latencyNs;
    }

    @Override
    double limit(double bestRank) {
        limitNs = bestRank * AS_GOOD + AS_GOOD_NS;
        return limitNs;
    }

    @Override
    int better(int first, int second, long nowNs) {
        boolean isFirstSlow = candidates.latencyNs(first, nowNs) > limitNs;
        boolean isSecondSlow = candidates.latencyNs(second, nowNs) > limitNs;
        if (isFirstSlow == isSecondSlow) {
            return super.better(first, second, nowNs);
        }
        return isFirstSlow ? second : first;
    }

    @Override
    public void save(StateWriter to) {
        super.save(to);
        to.number(Double.doubleToLongBits(limitNs));
    }

    @Override
    public void restore(StateReader from) {
        super.restore(from);
        limitNs = Double.longBitsToDouble(from.number());
    }

    @Override
    public String scoreName() {
        return "latency ms";
    }

    @Override
    public double score(int position, long nowNs) {
        return rank(position, nowNs) / MILLI_NS;
    }
}
