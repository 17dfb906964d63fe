package io.marchproxy.l3l4.stages.route;

/**
 * The one with the fewest flows for its weight; among equals in turn. Flows are those of this shard.
 *
 * <p>Source: nginx's {@code least_conn}, HAProxy's {@code leastconn}, which are exact as this is ({@link LeastLoaded}). A tree would
 * answer sooner among thousands, and be paid for with every flow that begins or ends.
 */
final class LeastConnections extends InTurn {
    LeastConnections(Candidates candidates) {
        super(candidates);
    }

    @Override
    int pickFrom(int first) {
        return candidates.leastLoaded(first);
    }

    @Override
    int pickFrom(int first, boolean[] some) {
        return candidates.leastLoaded(first, some);
    }

    @Override
    public double score(int position, long nowNs) {
        return candidates.load(position);
    }

    @Override
    public String scoreName() {
        return "flows for its weight";
    }
}
