package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * Gateways that share a prefix: the service's algorithm chooses among them.
 *
 * @param members their positions in the service's pool, in its order; at least one
 */
public record GatewaySet(List<Integer> members) {
    public GatewaySet {
        members = List.copyOf(members);
        if (members.isEmpty()) {
            throw new IllegalArgumentException("a prefix without a gateway");
        }
    }
}
