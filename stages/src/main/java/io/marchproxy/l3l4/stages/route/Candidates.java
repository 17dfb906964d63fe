package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * The backends of one service as its algorithm sees them: by position in the pool, with those that may be used at the moment
 * drawn up when health or settings changed, and not for every flow. The pipeline's thread.
 */
final class Candidates {
    private final BackendStates states;
    private final PoolMember[] members;
    private final int[] numbers;
    private final boolean[] mayBeUsed;
    private final int[] usable;
    private final LeastLoaded leastLoaded;
    private int count;
    private boolean isPanic;
    private boolean anyHealthy;

    Candidates(BackendStates states, List<PoolMember> members) {
        this.states = states;
        this.members = members.toArray(PoolMember[]::new);
        this.numbers = members.stream().mapToInt(PoolMember::number).toArray();
        this.mayBeUsed = new boolean[this.members.length];
        this.usable = new int[this.members.length];
        this.leastLoaded = new LeastLoaded(numbers);
    }

    /**
     * Draws up who may be used: the healthy among the enabled; all of the enabled in panic, which is when fewer of them are
     * healthy than {@code panicPercent}.
     */
    void refresh(int panicPercent) {
        int enabled = 0;
        int healthy = 0;
        for (PoolMember member : members) {
            enabled += member.enabled() ? 1 : 0;
            healthy += member.enabled() && states.usable(member.number()) ? 1 : 0;
        }
        anyHealthy = healthy > 0;
        isPanic = (long) healthy * 100 < (long) panicPercent * enabled;
        count = 0;
        for (int i = 0; i < members.length; i++) {
            mayBeUsed[i] = members[i].enabled() && (isPanic || states.usable(members[i].number()));
            if (mayBeUsed[i]) {
                usable[count++] = i;
            }
        }
        leastLoaded.refresh(mayBeUsed);
    }

    /** Backends, whether they may be used or not. */
    int size() {
        return members.length;
    }

    /** How many may be used. */
    int count() {
        return count;
    }

    /** Position of the n-th that may be used, in the pool's order. */
    int usable(int n) {
        return usable[n];
    }

    /** By position. Not to be changed. */
    boolean[] mayBeUsed() {
        return mayBeUsed;
    }

    boolean mayBeUsed(int position) {
        return mayBeUsed[position];
    }

    /** Whether so few are healthy that all are used. */
    boolean isPanic() {
        return isPanic;
    }

    /** Whether any of those that are enabled is healthy. */
    boolean anyHealthy() {
        return anyHealthy;
    }

    PoolMember member(int position) {
        return members[position];
    }

    int number(int position) {
        return numbers[position];
    }

    /** Where a backend stands in the pool; −1 when it is not here. Numbers mostly follow one another, so one look finds most. */
    int positionOf(int backend) {
        if (numbers.length > 0) {
            int likely = backend - numbers[0];
            if (likely >= 0 && likely < numbers.length && numbers[likely] == backend) {
                return likely;
            }
        }
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] == backend) {
                return i;
            }
        }
        return -1;
    }

    int active(int position) {
        return states.flows().active(members[position].number());
    }

    /** Flows for its weight, the one that would come included. */
    double load(int position) {
        return Double.longBitsToDouble(states.flows().loads()[numbers[position]]);
    }

    /** The position with the least load of those that may be used, from {@code first} on among equals; there is at least one. */
    int leastLoaded(int first) {
        return leastLoaded.from(first, states.flows().loads());
    }

    /** The same among some. */
    int leastLoaded(int first, boolean[] some) {
        return leastLoaded.from(first, states.flows().loads(), some);
    }

    /** Whether it has as many flows as it may have. */
    boolean isFull(int position) {
        PoolMember member = members[position];
        return member.maxConnections() != 0
                && active(position)
                        >= Math.min(member.maxConnections(), states.flows().room(member.number()));
    }

    /**
     * What an exchange is to be expected to take, from probes and connects, losses included; if connects wait there for longer
     * than that without an answer, for how long they do. 0 when nothing is known.
     */
    double latencyNs(int position, long nowNs) {
        int backend = numbers[position];
        return Math.max(states.latencies().expectedNs(backend, nowNs), (double)
                states.flows().waitingNs(backend, nowNs));
    }

    /** The same without that an estimate fades: what was measured last, until that is forgotten. */
    double knownLatencyNs(int position, long nowNs) {
        int backend = numbers[position];
        return Math.max(states.latencies().knownNs(backend, nowNs), (double)
                states.flows().waitingNs(backend, nowNs));
    }

    /** Whether a flow may find out how fast it is now: it has room, no other is about to, and nothing else tells. */
    boolean mayBeTried(int position, long nowNs) {
        int backend = numbers[position];
        return !isFull(position)
                && !states.flows().connects(backend)
                && states.latencies().isFading(backend, nowNs);
    }

    /** Since when it has been healthy again, or {@link BackendStates#NEVER}. */
    long recoveredNs(int position) {
        return states.recoveredNs(members[position].number());
    }
}
