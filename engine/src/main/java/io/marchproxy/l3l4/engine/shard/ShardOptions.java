package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import java.util.List;

/**
 * How a shard is built; fixed for its life.
 *
 * @param id from 0
 * @param pipelined true for stages and egress on threads of their own
 * @param ringSlots a power of two
 * @param maxFlows bound of this shard's flow table
 * @param seed of everything random in the shard, the flow hash first, so that clients can't aim at a cell
 * @param cpus that its threads are pinned to, in the order I/O, stages, egress (repeated when fewer); empty for no pinning
 * @param node that its memory is bound to, or {@link PlacementPlan#ANY_NODE}
 * @param spinNs how long its threads look for work before they block; 0 for not at all
 */
public record ShardOptions(
        int id,
        TransportKind transport,
        boolean pipelined,
        int ringSlots,
        int maxFlows,
        long seed,
        List<Integer> cpus,
        int node,
        long spinNs) {
    public ShardOptions {
        cpus = List.copyOf(cpus);
        if (Integer.bitCount(ringSlots) != 1 || ringSlots < RunToCompletion.FEWEST_SLOTS) {
            throw new IllegalArgumentException(
                    "ring slots are a power of two of at least " + RunToCompletion.FEWEST_SLOTS + ", not " + ringSlots);
        }
    }

    /** Options of a shard that belongs to no node and does not spin. */
    public ShardOptions(
            int id,
            TransportKind transport,
            boolean pipelined,
            int ringSlots,
            int maxFlows,
            long seed,
            List<Integer> cpus) {
        this(id, transport, pipelined, ringSlots, maxFlows, seed, cpus, PlacementPlan.ANY_NODE, 0);
    }
}
