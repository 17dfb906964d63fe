package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The gateways of one service by destination: those of the longest prefix that has any which is healthy. So does a router, that
 * takes a route away whose next hops are dead: the next shorter one holds then. Where none of an address's prefixes has a healthy
 * gateway, the longest one's that is in panic are used, if any is. At most 33 prefixes are asked for an IPv4 address, 129 for IPv6,
 * and one where nothing is wrong. The pipeline's thread.
 */
final class GatewaySets {
    private final PrefixRouting routing;

    /** By the number of a set. */
    private final ServicePool[] pools;

    GatewaySets(PrefixRouting routing, @Nullable GatewaySets before, Function<BackendPool, ServicePool> made) {
        this.routing = routing;
        Map<List<Integer>, ServicePool> former = before == null ? Map.of() : before.byMembers();
        pools = routing.pools().stream()
                .map(settings -> goingOn(made.apply(settings), former.get(settings.backends())))
                .toArray(ServicePool[]::new);
    }

    private Map<List<Integer>, ServicePool> byMembers() {
        Map<List<Integer>, ServicePool> all = new HashMap<>();
        for (int i = 0; i < pools.length; i++) {
            all.put(routing.pools().get(i).backends(), pools[i]);
        }
        return all;
    }

    /** The pool of the same gateways goes on where it was in its turn. */
    private static ServicePool goingOn(ServicePool next, @Nullable ServicePool before) {
        if (before != null) {
            next.goOnFrom(before);
        }
        return next;
    }

    boolean isOf(PrefixRouting other) {
        return routing.equals(other);
    }

    /** A gateway for a new flow, as {@link ServicePool#choose} answers. */
    int choose(long entry, long tried, boolean connects, long nowNs) {
        long found = find(entry);
        if (found == PrefixTable.NONE) {
            return ServicePool.NO_ROUTE;
        }
        ServicePool pool = inForce(found, nowNs);
        return pool == null ? ServicePool.NOBODY : pool.choose(entry, tried, connects, nowNs);
    }

    /** Whether a flow's destination leads to a gateway still. */
    boolean reaches(long entry, int gateway, long nowNs) {
        ServicePool pool = inForce(find(entry), nowNs);
        return pool != null && pool.has(gateway);
    }

    /** Whether a flow may stay at a gateway that is not healthy. */
    boolean keepsInPanic(long entry, int gateway, long nowNs) {
        ServicePool pool = inForce(find(entry), nowNs);
        return pool != null && pool.keepsInPanic(entry, gateway, nowNs);
    }

    private long find(long entry) {
        return routing.table()
                .find(FlowEntry.ipVersion(entry), FlowEntry.listenerHigh(entry), FlowEntry.listenerLow(entry));
    }

    /** The gateways to choose from, by the longest prefix that was found; null when there are none. */
    private @Nullable ServicePool inForce(long found, long nowNs) {
        if (found == PrefixTable.NONE) {
            return null;
        }
        ServicePool first = pools[PrefixTable.set(found)];
        if (first.anyHealthy(nowNs)) {
            return first;
        }
        int prefix = standsIn(PrefixTable.prefix(found), nowNs);
        return prefix == PrefixTable.NONE ? null : pool(prefix);
    }

    /** The longest prefix that has a gateway to be used, from one on to those around it. */
    private int standsIn(int longest, long nowNs) {
        PrefixTable table = routing.table();
        int prefix = longest;
        while (prefix != PrefixTable.NONE && !pool(prefix).anyHealthy(nowNs)) {
            prefix = table.shorter(prefix);
        }
        if (prefix == PrefixTable.NONE) {
            prefix = longest;
            while (prefix != PrefixTable.NONE && !pool(prefix).anyUsable(nowNs)) {
                prefix = table.shorter(prefix);
            }
        }
        return prefix;
    }

    private ServicePool pool(int prefix) {
        return pools[routing.table().setOf(prefix)];
    }

    /** How a destination is routed now; null when no prefix has it. */
    @Nullable
    RouteView view(int ipVersion, long high, long low, long nowNs) {
        int longest = PrefixTable.prefix(routing.table().find(ipVersion, high, low));
        if (longest == PrefixTable.NONE) {
            return null;
        }
        int used = standsIn(longest, nowNs);
        int shown = used == PrefixTable.NONE ? longest : used;
        return new RouteView(
                ipVersion, match(longest), match(shown), pool(shown).view(nowNs));
    }

    private RouteView.Match match(int prefix) {
        PrefixList prefixes = routing.table().prefixes();
        return new RouteView.Match(prefixes.high(prefix), prefixes.low(prefix), prefixes.length(prefix));
    }

    void stale() {
        Arrays.stream(pools).forEach(ServicePool::stale);
    }

    void save(StateWriter to) {
        for (ServicePool pool : pools) {
            pool.save(to);
        }
    }

    void restore(StateReader from) {
        for (ServicePool pool : pools) {
            pool.restore(from);
        }
    }
}
