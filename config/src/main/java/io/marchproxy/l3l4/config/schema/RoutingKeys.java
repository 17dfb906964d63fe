package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import java.time.Duration;
import java.util.List;

/** The keys of {@code services[].routing}. */
public final class RoutingKeys {
    private static final RoutingSettings DEFAULT = RoutingSettings.DEFAULT;
    private static final ValueType<Double> COUNTS = Values.decimal(0, 1_000_000);
    public static final Key<RoutingSettings.Sticky> STICKY = Key.of(
            "sticky",
            Values.word(RoutingSettings.Sticky.class),
            DEFAULT.sticky(),
            "Whether a client's flows all go to one of those that the algorithm would choose from.");
    public static final Key<Duration> LATENCY_BUDGET = Key.of(
            "latency-budget",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            DEFAULT.latencyBudget(),
            "For cost: the slower are taken when none is within it; one that was above is within it again below 90 %; 0 for no limit.");
    public static final Key<Double> LATENCY_WEIGHT =
            Key.of("latency-weight", COUNTS, DEFAULT.latencyWeight(), "For weighted: what latency counts.");
    public static final Key<Double> COST_WEIGHT =
            Key.of("cost-weight", COUNTS, DEFAULT.costWeight(), "For weighted: what cost counts.");
    public static final Key<Double> BANDWIDTH_WEIGHT =
            Key.of("bandwidth-weight", COUNTS, DEFAULT.bandwidthWeight(), "For weighted: what bandwidth counts.");
    public static final Key<Duration> SLOW_START = Key.of(
            "slow-start",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            DEFAULT.slowStart(),
            "For how long the share of a backend that returned grows to its whole; 0 for at once.");
    public static final Key<Integer> PANIC_THRESHOLD = Key.of(
            "panic-threshold",
            Values.integer(0, 100),
            DEFAULT.panicThreshold(),
            "Percentage of healthy backends below which all are used, healthy or not; 0 for never.");
    public static final Key<Double> DAILY_BUDGET = Key.open(
            "daily-budget",
            COUNTS,
            "no limit",
            "Money for a day (UTC); once it is spent, new flows go to the cheapest healthy backends.");
    public static final Key<Integer> BUDGET_BACK_AT = Key.of(
            "budget-back-at",
            Values.integer(1, 100),
            DEFAULT.budgetBackAt(),
            "Percentage of the budget below which the algorithm chooses again: the next day, or when the budget is raised.");
    public static final Key<Integer> TABLE_SIZE = Key.of(
            "table-size",
            Values.prime(2, 655_373),
            DEFAULT.tableSize(),
            "For maglev and sticky: places of the table, a hundred times the backends or more.");
    public static final Group ROUTING = new Group(
            "routing",
            "How the algorithm chooses.",
            List.of(
                    STICKY,
                    LATENCY_BUDGET,
                    LATENCY_WEIGHT,
                    COST_WEIGHT,
                    BANDWIDTH_WEIGHT,
                    SLOW_START,
                    PANIC_THRESHOLD,
                    DAILY_BUDGET,
                    BUDGET_BACK_AT,
                    TABLE_SIZE));

    private RoutingKeys() {}
}
