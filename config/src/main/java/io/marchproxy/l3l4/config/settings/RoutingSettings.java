package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * How a service's algorithm chooses.
 *
 * @param sticky whether a client stays with a backend
 * @param latencyBudget for {@code cost}; zero for none
 * @param latencyWeight what latency counts for {@code weighted}
 * @param costWeight what cost counts
 * @param bandwidthWeight what bandwidth counts
 * @param slowStart for how long the share of a backend that returned grows; zero for at once
 * @param panicThreshold percentage of healthy backends below which all are used; 0 for never
 * @param dailyBudget money for a day; 0 for no limit
 * @param budgetBackAt percentage of it below which saving ends
 * @param tableSize places of the table that is hashed into, a prime
 */
public record RoutingSettings(
        Sticky sticky,
        Duration latencyBudget,
        double latencyWeight,
        double costWeight,
        double bandwidthWeight,
        Duration slowStart,
        int panicThreshold,
        double dailyBudget,
        int budgetBackAt,
        int tableSize) {
    /** What of a client decides that it goes where it went before. */
    public enum Sticky {
        NONE,
        CLIENT
    }

    public static final RoutingSettings DEFAULT =
            new RoutingSettings(Sticky.NONE, Duration.ofMillis(50), 1, 1, 1, Duration.ofSeconds(5), 0, 0, 90, 65_537);

    public RoutingSettings {
        Ranges.check("routing.latency-budget", latencyBudget, Duration.ZERO, Duration.ofHours(1));
        Ranges.check("routing.slow-start", slowStart, Duration.ZERO, Duration.ofHours(1));
        Ranges.check("routing.panic-threshold", panicThreshold, 0, 100);
        Ranges.check("routing.budget-back-at", budgetBackAt, 1, 100);
        Ranges.check("routing.table-size", tableSize, 2, 655_373);
    }
}
