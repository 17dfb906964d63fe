package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.Mix;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One service's pool in virtual time: flows of many clients go through it, and are counted by backend. */
final class PoolRig {
    static final long MS = 1_000_000;
    static final long SECOND = 1_000 * MS;
    private static final long CONNECT_TOTAL_NS = SECOND;

    final BackendStates states = new BackendStates();
    final ServicePool pool;
    private final long entry;
    private long client;
    long nowNs;

    PoolRig(RouteChoice choice, List<PoolMember> members) {
        this(choice, members, 42);
    }

    PoolRig(RouteChoice choice, List<PoolMember> members, long seed) {
        BackendPool settings = new BackendPool(members, choice, 1, CONNECT_TOTAL_NS);
        states.apply(List.of(settings));
        pool = new ServicePool(states, new Draw(seed), settings, 0);
        entry = Arena.global().allocate(FlowLayout.SIZE, 64).address();
        Memory.zero(entry, FlowLayout.SIZE);
    }

    static List<PoolMember> equals(int count) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(new PoolMember(i));
        }
        return members;
    }

    static PoolMember weighing(int number, double weight) {
        return new PoolMember(number, Mix.spread(number), true, weight, 0, 1, 0, 0, PoolMember.UNKNOWN_KM);
    }

    static PoolMember tier(int number, int priority) {
        return new PoolMember(number, Mix.spread(number), true, 1, 0, priority, 0, 0, PoolMember.UNKNOWN_KM);
    }

    static PoolMember costing(int number, double cost) {
        return new PoolMember(number, Mix.spread(number), true, 1, 0, 1, 0, cost, PoolMember.UNKNOWN_KM);
    }

    static PoolMember at(int number, double km) {
        return new PoolMember(number, Mix.spread(number), true, 1, 0, 1, 0, 0, km);
    }

    static PoolMember capped(int number, int most) {
        return new PoolMember(number, Mix.spread(number), true, 1, 0, 1, most, 0, PoolMember.UNKNOWN_KM);
    }

    void health(int backend, boolean healthy) {
        states.healthy(backend, healthy, nowNs);
        pool.stale();
    }

    void measured(int backend, double ms) {
        states.measured(backend, (long) (ms * MS), 0, nowNs);
    }

    /** Others are configured from now on. */
    void reload(RouteChoice choice, List<PoolMember> members) {
        BackendPool settings = new BackendPool(members, choice, 1, CONNECT_TOTAL_NS);
        states.apply(List.of(settings));
        pool.apply(settings, 0);
    }

    /** A flow of a client of its own. */
    int flow() {
        return flowOf(++client);
    }

    int flowOf(long address) {
        Memory.putLong(entry + FlowLayout.CLIENT_LOW, address);
        Memory.putShort(entry + FlowLayout.CLIENT_PORT, (short) (address * 31));
        return pool.choose(entry, 0, nowNs);
    }

    /** How many flows each backend gets, of so many. */
    Map<Integer, Integer> flows(int count) {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < count; i++) {
            counts.merge(flow(), 1, Integer::sum);
        }
        return counts;
    }
}
