package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The cheapest within a latency budget; equally cheap ones in weighted turns. When none is within the budget, the fastest, and
 * whoever is as fast up to a quarter: money is not saved at the price of what the service is for.
 *
 * <p>A backend that was over the budget is within it again below {@value #BACK_AT} of it: one whose latency wanders about the budget would
 * otherwise take its traffic along each time. Two thresholds, as those of a thermostat or of RED's queues, and as health here has them
 * for loss; a tenth is more than a steady path's round trips differ by. What was measured over the budget holds until something is
 * measured again, and does not fade: where nothing probes, a flow now and then is sent to find out ({@link Trials}).
 */
final class LowestCost extends Tiers {
    /** The part of the budget. */
    static final double BACK_AT = 0.9;

    /** Above all prices: ranks beyond it are latencies. */
    private static final double OVER_BUDGET = 1e9;

    private static final double AS_GOOD = 1.25;
    private final double budgetNs;

    /** Who was over the budget when the list was last drawn up. */
    private final Trials over;

    /** When the first of those is to be tried, as far as is known. */
    private long nextTrialNs = Long.MAX_VALUE;

    /**
     * An algorithm with a budget.
     *
     * @param budgetNs 0 for no limit
     */
    LowestCost(Candidates candidates, long budgetNs) {
        super(candidates);
        this.budgetNs = budgetNs == 0 ? Double.POSITIVE_INFINITY : (double) budgetNs;
        this.over = new Trials(candidates.size());
    }

    @Override
    public boolean followsTime() {
        return budgetNs < Double.POSITIVE_INFINITY;
    }

    @Override
    void prepare(long nowNs) {
        for (int i = 0; i < candidates.size(); i++) {
            double limitNs = over.isOut(i) ? BACK_AT * budgetNs : budgetNs;
            over.out(i, candidates.knownLatencyNs(i, nowNs) > limitNs, nowNs);
        }
    }

    @Override
    public void refresh(long nowNs) {
        super.refresh(nowNs);
        nextTrialNs = Long.MAX_VALUE;
        for (int i = 0; i < candidates.count(); i++) {
            int position = candidates.usable(i);
            if (isWorthATrial(position)) {
                nextTrialNs = Math.min(nextTrialNs, over.dueNs(position));
            }
        }
    }

    /** Whether it would be among the best, were it fast. */
    private boolean isWorthATrial(int position) {
        return over.isOut(position)
                && !shortlist()[position]
                && (over.isOut(best(0)) || cost(position) <= cost(best(0)));
    }

    private double cost(int position) {
        return candidates.member(position).costPerGb();
    }

    @Override
    public int trial(long nowNs) {
        if (nowNs < nextTrialNs) {
            return -1;
        }
        int first = -1;
        for (int i = 0; i < candidates.count(); i++) {
            int position = candidates.usable(i);
            boolean isDue = isWorthATrial(position) && over.dueNs(position) <= nowNs;
            if (isDue
                    && candidates.mayBeTried(position, nowNs)
                    && (first < 0 || over.dueNs(position) < over.dueNs(first))) {
                first = position;
            }
        }
        if (first >= 0) {
            over.begins(first, nowNs);
        } else {
            // What speaks against it is looked at again when the list is drawn up.
            nextTrialNs = Long.MAX_VALUE;
        }
        return first;
    }

    @Override
    double rank(int position, long nowNs) {
        return over.isOut(position) ? OVER_BUDGET + candidates.knownLatencyNs(position, nowNs) : cost(position);
    }

    @Override
    double limit(double bestRank) {
        return bestRank < OVER_BUDGET ? bestRank : OVER_BUDGET + (bestRank - OVER_BUDGET) * AS_GOOD;
    }

    @Override
    public double score(int position, long nowNs) {
        return over.isOut(position) ? Double.NaN : cost(position);
    }

    @Override
    public boolean isTooSlow(int position) {
        return over.isOut(position);
    }

    @Override
    public String scoreName() {
        return "cost per GB";
    }

    @Override
    public void goOnFrom(Algorithm before) {
        if (before instanceof LowestCost other) {
            for (int i = 0; i < candidates.size(); i++) {
                int then = other.candidates.positionOf(candidates.number(i));
                if (then >= 0) {
                    over.goOn(i, other.over, then);
                }
            }
        }
    }

    @Override
    public void save(StateWriter to) {
        super.save(to);
        over.save(to);
        to.number(nextTrialNs);
    }

    @Override
    public void restore(StateReader from) {
        super.restore(from);
        over.restore(from);
        nextTrialNs = from.number();
    }
}
