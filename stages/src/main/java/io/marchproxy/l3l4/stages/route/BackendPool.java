package io.marchproxy.l3l4.stages.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backends that a service may choose from, and how it does. Of a service that takes IP packets they are gateways.
 *
 * @param members in configured order
 * @param connectTries connects at the most for one client connection, 1 or more; 1 switches retrying off
 * @param connectTotalNs time for all tries together
 * @param table that flows or clients are hashed into, if they are; follows from the others
 * @param routes which gateways a destination leads to; null: each to all of them
 */
public record BackendPool(
        List<PoolMember> members,
        RouteChoice choice,
        int connectTries,
        long connectTotalNs,
        @Nullable MaglevTable table,
        @Nullable PrefixRoutes routes) {
    public BackendPool {
        members = List.copyOf(members);
        if (connectTries < 1) {
            throw new IllegalArgumentException("connect tries " + connectTries);
        }
        if (table == null && choice.hashes() && members.size() > 1) {
            table = MaglevTable.of(members, choice.tableSize());
        }
        if (routes != null) {
            routes = routes.of(members, choice);
        }
    }

    /** A pool. */
    public BackendPool(List<PoolMember> members, RouteChoice choice, int connectTries, long connectTotalNs) {
        this(members, choice, connectTries, connectTotalNs, null, null);
    }

    /** A pool of gateways, with a route by destination, or none. */
    public BackendPool(List<PoolMember> gateways, RouteChoice choice, @Nullable PrefixRoutes routes) {
        this(gateways, choice, 1, 0, null, routes);
    }

    /** Backends that are all alike, taken in turn. */
    public BackendPool(List<Integer> backends, int connectTries, long connectTotalNs) {
        this(backends.stream().map(PoolMember::new).toList(), RouteChoice.DEFAULT, connectTries, connectTotalNs);
    }

    /** The backends' engine-wide numbers, in configured order. */
    public List<Integer> backends() {
        return members.stream().map(PoolMember::number).toList();
    }
}
