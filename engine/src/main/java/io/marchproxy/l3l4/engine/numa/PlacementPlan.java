package io.marchproxy.l3l4.engine.numa;

import java.util.List;

/**
 * How many shards there are, how their stages run, and where. Immutable; made by {@link PlacementPolicy}.
 *
 * @param pipelined true for stages and egress on threads of their own
 * @param reason why it is pipelined or not, in a few words
 * @param seats one for each shard; shards of one node have consecutive numbers
 * @param spinNs how long a thread without work looks for some before it blocks; 0 for not at all
 * @param notes what could not be had of what was asked for, one line each
 */
public record PlacementPlan(boolean pipelined, String reason, List<Seat> seats, long spinNs, List<String> notes) {
    /** No node in particular. */
    public static final int ANY_NODE = -1;

    /**
     * Where a shard runs.
     *
     * @param node that its memory is bound to, or {@link #ANY_NODE}
     * @param cpus that its threads are pinned to, in the order I/O, stages, egress; empty for no pinning
     */
    public record Seat(int node, List<Integer> cpus) {
        public Seat {
            cpus = List.copyOf(cpus);
        }
    }

    public PlacementPlan {
        seats = List.copyOf(seats);
        notes = List.copyOf(notes);
    }
}
