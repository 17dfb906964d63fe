package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The best by latency, cost and bandwidth together. Each is taken as a part of the highest that there is, so that their units
 * don't matter, and counts by its weight:
 *
 * <pre>
 * (l · latency / highest latency + c · cost / highest cost + b · (1 − bandwidth / highest bandwidth)) / (l + c + b)
 * </pre>
 *
 * <p>Scores are from 0 to 1; those within 0.02 of the best are as good, and share by {@link TwoChoices}. Source: the simple additive
 * weighting of multi-criteria decisions (Fishburn, "Additive Utilities with Incomplete Product Sets", Operations Research 15, 1967).
 */
final class WeightedScore extends TwoChoices {
    private static final double AS_GOOD = 0.02;
    private final double latencyWeight;
    private final double costWeight;
    private final double bandwidthWeight;
    private double highestNs;
    private double lowestNs;
    private double highestCost;
    private double highestBandwidth;

    WeightedScore(Candidates candidates, Draw draw, RouteChoice choice) {
        super(candidates, draw);
        double sum = choice.latencyWeight() + choice.costWeight() + choice.bandwidthWeight();
        latencyWeight = sum <= 0 ? 1 : choice.latencyWeight() / sum;
        costWeight = sum <= 0 ? 0 : choice.costWeight() / sum;
        bandwidthWeight = sum <= 0 ? 0 : choice.bandwidthWeight() / sum;
    }

    @Override
    public boolean followsTime() {
        return true;
    }

    @Override
    void prepare(long nowNs) {
        highestNs = 0;
        lowestNs = Double.POSITIVE_INFINITY;
        highestCost = 0;
        highestBandwidth = 0;
        for (int i = 0; i < candidates.count(); i++) {
            int position = candidates.usable(i);
            double latencyNs = candidates.latencyNs(position, nowNs);
            highestNs = Math.max(highestNs, latencyNs);
            lowestNs = latencyNs == 0 ? lowestNs : Math.min(lowestNs, latencyNs);
            highestCost = Math.max(highestCost, candidates.member(position).costPerGb());
            highestBandwidth = Math.max(
                    highestBandwidth, (double) candidates.member(position).bandwidthBitsPerSecond());
        }
    }

    @Override
    double rank(int position, long nowNs) {
        PoolMember member = candidates.member(position);
        double latencyNs = candidates.latencyNs(position, nowNs);
        return latencyWeight * part(latencyNs == 0 ? lowestNs : latencyNs, highestNs)
                + costWeight * part(member.costPerGb(), highestCost)
                + bandwidthWeight * (1 - part((double) member.bandwidthBitsPerSecond(), highestBandwidth));
    }

    /** A part of the highest; of nothing, nothing. */
    private static double part(double value, double highest) {
        return highest == 0 ? 0 : Math.min(value / highest, 1);
    }

    @Override
    double limit(double bestRank) {
        return bestRank + AS_GOOD;
    }

    @Override
    public void save(StateWriter to) {
        super.save(to);
        to.number(Double.doubleToLongBits(highestNs));
        to.number(Double.doubleToLongBits(lowestNs));
        to.number(Double.doubleToLongBits(highestCost));
        to.number(Double.doubleToLongBits(highestBandwidth));
    }

    @Override
    public void restore(StateReader from) {
        super.restore(from);
        highestNs = Double.longBitsToDouble(from.number());
        lowestNs = Double.longBitsToDouble(from.number());
        highestCost = Double.longBitsToDouble(from.number());
        highestBandwidth = Double.longBitsToDouble(from.number());
    }

    @Override
    public String scoreName() {
        return "score";
    }
}
