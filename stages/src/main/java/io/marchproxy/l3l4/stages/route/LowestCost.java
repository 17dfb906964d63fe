package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The cheapest within a latency budget; equally cheap ones in weighted turns. When none is within the budget, the fastest, and
 * whoever is as fast up to a quarter: money is not saved at the price of what the service is for.
 *
 * <p>A backend that was over the budget is within it again below {@value #BACK_AT} of it: one whose latency wanders about the budget would
 * otherwise take its traffic along each time. Two thresholds, as those of a thermostat or of RED's queues, and as health here has them
 * for loss; a tenth is more than a steady path's round trips differ by.
 */
final class LowestCost extends Tiers {
    /** The part of the budget. */
    static final double BACK_AT = 0.9;

    /** Above all prices: ranks beyond it are latencies. */
    private static final double OVER_BUDGET = 1e9;

    private static final double AS_GOOD = 1.25;
    private final double budgetNs;

    /** By position: who was over the budget when the list was last drawn up. */
    private final boolean[] isOver;

    /**
     * An algorithm with a budget.
     *
     * @param budgetNs 0 for no limit
     */
    LowestCost(Candidates candidates, long budgetNs) {
        super(candidates);
        this.budgetNs = budgetNs == 0 ? Double.POSITIVE_INFINITY : (double) budgetNs;
        this.isOver = new boolean[candidates.size()];
    }

    @Override
    public boolean followsTime() {
        return budgetNs < Double.POSITIVE_INFINITY;
    }

    @Override
    void prepare(long nowNs) {
        for (int i = 0; i < isOver.length; i++) {
            isOver[i] = candidates.latencyNs(i, nowNs) > (isOver[i] ? BACK_AT * budgetNs : budgetNs);
        }
    }

    @Override
    double rank(int position, long nowNs) {
        return isOver[position]
                ? OVER_BUDGET + candidates.latencyNs(position, nowNs)
                : candidates.member(position).costPerGb();
    }

    @Override
    double limit(double bestRank) {
        return bestRank < OVER_BUDGET ? bestRank : OVER_BUDGET + (bestRank - OVER_BUDGET) * AS_GOOD;
    }

    @Override
    public String scoreName() {
        return "cost per GB";
    }

    @Override
    public void goOnFrom(Algorithm before) {
        if (before instanceof LowestCost other) {
            for (int i = 0; i < isOver.length; i++) {
                isOver[i] = other.wasOver(candidates.number(i));
            }
        }
    }

    private boolean wasOver(int backend) {
        for (int i = 0; i < isOver.length; i++) {
            if (candidates.number(i) == backend) {
                return isOver[i];
            }
        }
        return false;
    }

    @Override
    public void save(StateWriter to) {
        super.save(to);
        for (boolean is : isOver) {
            to.number(is ? 1 : 0);
        }
    }

    @Override
    public void restore(StateReader from) {
        super.restore(from);
        for (int i = 0; i < isOver.length; i++) {
            isOver[i] = from.number(0, 1) == 1;
        }
    }
}
