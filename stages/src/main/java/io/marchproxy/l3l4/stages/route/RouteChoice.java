package io.marchproxy.l3l4.stages.route;

/**
 * How a service chooses.
 *
 * @param sticky whether a client's flows go to one backend, as long as that is among those that the algorithm would take
 * @param latencyBudgetNs for {@code COST}: backends above it are taken when none is below
 * @param latencyWeight for {@code WEIGHTED}: what latency counts, 0 or more
 * @param costWeight what cost counts
 * @param bandwidthWeight what bandwidth counts
 * @param slowStartNs for how long the share of a backend that returned grows to its whole; 0 for at once
 * @param panicPercent when fewer of the enabled backends are healthy, all are used; 0 for never
 * @param dailyBudget money for a day (UTC), after which only the cheapest backends are used; 0 for no limit
 * @param budgetBackPercent of the budget, below which the algorithm's own choice holds again, 1 to 100
 * @param tableSize places of the table that {@code MAGLEV} and stickiness hash into, a prime
 */
public record RouteChoice(
        RouteAlgorithm algorithm,
        boolean sticky,
        long latencyBudgetNs,
        double latencyWeight,
        double costWeight,
        double bandwidthWeight,
        long slowStartNs,
        int panicPercent,
        double dailyBudget,
        int budgetBackPercent,
        int tableSize) {
    /** In turn, without anything special. */
    public static final RouteChoice DEFAULT = of(RouteAlgorithm.ROUND_ROBIN);

    public RouteChoice {
        if (latencyBudgetNs < 0 || slowStartNs < 0) {
            throw new IllegalArgumentException(
                    "a budget of " + latencyBudgetNs + " ns, a slow start of " + slowStartNs);
        }
        if (panicPercent < 0 || panicPercent > 100 || budgetBackPercent < 1 || budgetBackPercent > 100) {
            throw new IllegalArgumentException("percentages " + panicPercent + " and " + budgetBackPercent);
        }
        if (!(latencyWeight >= 0 && costWeight >= 0 && bandwidthWeight >= 0 && dailyBudget >= 0)) {
            throw new IllegalArgumentException("weights and budgets are numbers of 0 or more");
        }
        if (!MaglevTable.isSize(tableSize)) {
            throw new IllegalArgumentException("a table of " + tableSize + " places; a prime is needed");
        }
    }

    /** An algorithm, with everything else as it is by default. */
    public static RouteChoice of(RouteAlgorithm algorithm) {
        return new RouteChoice(algorithm, false, 50_000_000, 1, 1, 1, 0, 0, 0, 90, MaglevTable.DEFAULT_SIZE);
    }

    /** Whether a table is needed. */
    boolean hashes() {
        return sticky || algorithm == RouteAlgorithm.MAGLEV;
    }

    /** The same with or without stickiness. */
    public RouteChoice withSticky(boolean value) {
        return with(value, slowStartNs, panicPercent, dailyBudget);
    }

    /** The same with another slow start. */
    public RouteChoice withSlowStartNs(long value) {
        return with(sticky, value, panicPercent, dailyBudget);
    }

    /** The same with another panic threshold. */
    public RouteChoice withPanicPercent(int value) {
        return with(sticky, slowStartNs, value, dailyBudget);
    }

    /** The same with another daily budget. */
    public RouteChoice withDailyBudget(double value) {
        return with(sticky, slowStartNs, panicPercent, value);
    }

    private RouteChoice with(boolean isSticky, long startNs, int panic, double budget) {
        return new RouteChoice(
                algorithm,
                isSticky,
                latencyBudgetNs,
                latencyWeight,
                costWeight,
                bandwidthWeight,
                startNs,
                panic,
                budget,
                budgetBackPercent,
                tableSize);
    }
}
