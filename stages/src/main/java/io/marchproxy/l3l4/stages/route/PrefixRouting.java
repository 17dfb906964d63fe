package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.Derived;
import java.util.List;

/**
 * What a destination is looked up in. Immutable; made off the packet path, once for all shards.
 *
 * @param table of all prefixes
 * @param pools of gateways, by the number of their set
 */
public record PrefixRouting(PrefixTable table, List<BackendPool> pools) implements Derived {
    public PrefixRouting {
        pools = List.copyOf(pools);
    }
}
