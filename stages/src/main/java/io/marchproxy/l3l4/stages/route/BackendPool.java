package io.marchproxy.l3l4.stages.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backends that a service may choose from, and how it does.
 *
 * @param members in configured order
 * @param connectTries connects at the most for one client connection, 1 or more; 1 switches retrying off
 * @param connectTotalNs time for all tries together
 * @param table that flows or clients are hashed into, if they are; follows from the others
 */
public record BackendPool(
        List<PoolMember> members,
        RouteChoice choice,
        int connectTries,
        long connectTotalNs,
        @Nullable MaglevTable table) {
    public BackendPool {
        members = List.copyOf(members);
        if (connectTries < 1) {
            throw new IllegalArgumentException("connect tries " + connectTries);
        }
        if (table == null && choice.hashes() && !members.isEmpty()) {
            table = MaglevTable.of(members, choice.tableSize());
        }
    }

    /** A pool. */
    public BackendPool(List<PoolMember> members, RouteChoice choice, int connectTries, long connectTotalNs) {
        this(members, choice, connectTries, connectTotalNs, null);
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
