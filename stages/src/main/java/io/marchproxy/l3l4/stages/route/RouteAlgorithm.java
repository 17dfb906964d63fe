package io.marchproxy.l3l4.stages.route;

/** How a service picks among the backends that it may use. Constants keep their names: journals hold them. */
public enum RouteAlgorithm {
    /** In turn. */
    ROUND_ROBIN,
    /** In turn, each as often as its weight says, spread evenly. */
    WEIGHTED_ROUND_ROBIN,
    /** The one with the fewest flows for its weight. */
    LEAST_CONNECTIONS,
    /** Among the fastest, the less loaded of two. */
    LATENCY,
    /** The cheapest within a latency budget. */
    COST,
    /** The best by latency, cost and bandwidth together. */
    WEIGHTED,
    /** The nearest region. */
    GEO,
    /** The first tier that has one. */
    FAILOVER,
    /** By a consistent hash of the flow. */
    MAGLEV
}
