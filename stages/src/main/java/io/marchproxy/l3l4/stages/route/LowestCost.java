package io.marchproxy.l3l4.stages.route;

/**
 * The cheapest within a latency budget; equally cheap ones in weighted turns. When none is within the budget, the fastest, and
 * whoever is as fast up to a quarter: money is not saved at the price of what the service is for.
 */
final class LowestCost extends Tiers {
    /** Above all prices: ranks beyond it are latencies. */
    private static final double OVER_BUDGET = 1e9;

    private static final double AS_GOOD = 1.25;
    private final double budgetNs;

    /**
     * An algorithm with a budget.
     *
     * @param budgetNs 0 for no limit
     */
    LowestCost(Candidates candidates, long budgetNs) {
        super(candidates);
        this.budgetNs = budgetNs == 0 ? Double.POSITIVE_INFINITY : (double) budgetNs;
    }

    @Override
    public boolean followsTime() {
        return budgetNs < Double.POSITIVE_INFINITY;
    }

    @Override
    double rank(int position, long nowNs) {
        double latencyNs = candidates.latencyNs(position, nowNs);
        return latencyNs <= budgetNs ? candidates.member(position).costPerGb() : OVER_BUDGET + latencyNs;
    }

    @Override
    double limit(double bestRank) {
        return bestRank < OVER_BUDGET ? bestRank : OVER_BUDGET + (bestRank - OVER_BUDGET) * AS_GOOD;
    }

    @Override
    public String scoreName() {
        return "cost per GB";
    }
}
