package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * One way to pick among the backends of a service that may be used. What follows from health, settings and measurements is drawn
 * up by {@link #refresh}, off the way of most flows; {@link #pick} then costs a flow some ten nanoseconds. Nothing is allocated,
 * and nothing but what it is told and the seed decides. The pipeline's thread.
 */
interface Algorithm {
    /** Draws up what it picks from: after health or settings changed, and, if it {@link #followsTime}, every few milliseconds. */
    void refresh(long nowNs);

    /** Whether measurements and waiting matter to it. */
    boolean followsTime();

    /**
     * Picks for a new flow; there is at least one that may be used.
     *
     * @return a position
     */
    int pick(long nowNs);

    /**
     * One that this flow is to try, though others are better by what is known; −1 for none, as nearly always. Asked of each new flow
     * first, and of none that has tried others.
     */
    default int trial(long nowNs) {
        return -1;
    }

    /**
     * Picks again, when the one picked has no room, was tried before, or has had its share: a turn that it had is gone.
     *
     * @param left by position: who may be picked, at least one
     */
    int pickAmong(boolean[] left, long nowNs);

    /** By position: those that it would pick from at the moment. Not to be changed. */
    boolean[] shortlist();

    /** The only one that it would pick from at the moment; −1 when there are more, or that is not told. */
    default int only() {
        return -1;
    }

    /** What it orders backends by: the lower, the better. Also what is shown of a choice; NaN for one without. */
    double score(int position, long nowNs);

    /** Whether one is passed over for being too slow, whatever else speaks for it. */
    default boolean isTooSlow(int position) {
        return false;
    }

    /** What the score is, for those who read it. */
    String scoreName();

    /** Takes over where another, of settings before, was in its turn. */
    default void goOnFrom(Algorithm before) {}

    default void save(StateWriter to) {}

    default void restore(StateReader from) {}

    /** The algorithm that the settings ask for, but that of a table, which picks by a flow's hash: round robin stands in for it. */
    static Algorithm of(RouteChoice choice, Candidates candidates, Draw draw) {
        return switch (choice.algorithm()) {
            case ROUND_ROBIN, MAGLEV -> new RoundRobin(candidates);
            case WEIGHTED_ROUND_ROBIN -> new WeightedRoundRobin(candidates);
            case LEAST_CONNECTIONS -> new LeastConnections(candidates);
            case LATENCY -> new LowestLatency(candidates, draw);
            case COST -> new LowestCost(candidates, choice.latencyBudgetNs());
            case WEIGHTED -> new WeightedScore(candidates, draw, choice);
            case GEO -> new NearestRegion(candidates);
            case FAILOVER -> new FailoverTiers(candidates);
        };
    }
}
