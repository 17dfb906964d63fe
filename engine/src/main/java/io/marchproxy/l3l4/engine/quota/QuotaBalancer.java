package io.marchproxy.l3l4.engine.quota;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Keeps services' caps whole over several shards: every few milliseconds it looks at what each shard uses and was refused,
 * and moves free shares to where they are asked for, in two steps, so that the shares in force never exceed the cap.
 * All methods are called on the one thread that the executor runs on.
 */
public final class QuotaBalancer {
    /** A shard as the balancer sees it. */
    public interface Member {
        /** What of the cap is in use; may be read from any thread. */
        int used(int service);

        /** How many were refused at the cap since the start; may be read from any thread. */
        long refused(int service);

        /** Puts a share into force; completes when it is. */
        CompletableFuture<Void> share(int service, int amount);
    }

    private final List<? extends Member> members;
    private final Executor executor;
    private final Map<Integer, Cap> caps = new HashMap<>();

    private static final class Cap {
        private int cap;
        private int[] shares;
        private long[] refused;
        private int[] used;
        private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);

        Cap(int members) {
            shares = new int[members];
            refused = new long[members];
            used = new int[members];
        }
    }

    /**
     * Makes a balancer over all shards.
     *
     * @param executor the one thread that all of this happens on
     */
    public QuotaBalancer(List<? extends Member> members, Executor executor) {
        this.members = List.copyOf(members);
        this.executor = executor;
    }

    /**
     * Sets or changes a service's cap and shares it out at once, or as soon as a turn that is under way is over: two that
     * overlap would each raise by what the other lowered. Completes when the shares are in force.
     */
    public CompletableFuture<Void> cap(int service, int cap) {
        Cap state = caps.computeIfAbsent(service, key -> new Cap(members.size()));
        state.cap = cap;
        state.underWay =
                state.underWay.handle((done, error) -> null).thenComposeAsync(done -> turn(service, state), executor);
        return state.underWay;
    }

    /** Looks at all services and moves shares where demand has changed. */
    public void turn() {
        caps.forEach((service, state) -> {
            if (state.underWay.isDone() && members.size() > 1) {
                state.underWay = turn(service, state);
            }
        });
    }

    private CompletableFuture<Void> turn(int service, Cap state) {
        int shards = members.size();
        long[] demand = new long[shards];
        for (int i = 0; i < shards; i++) {
            int usedNow = members.get(i).used(service);
            long refusedNow = members.get(i).refused(service);
            demand[i] = Math.max(0, usedNow - state.used[i]) + (refusedNow - state.refused[i]);
            state.used[i] = usedNow;
            state.refused[i] = refusedNow;
        }
        int[] wanted = QuotaShares.wanted(state.cap, state.used, demand);
        int[] lowered = QuotaShares.lowered(state.shares, wanted);
        return apply(service, state, lowered).thenComposeAsync(ignored -> raise(service, state, wanted), executor);
    }

    private CompletableFuture<Void> raise(int service, Cap state, int[] wanted) {
        int shards = members.size();
        int[] effective = state.shares.clone();
        for (int i = 0; i < shards; i++) {
            effective[i] = Math.max(effective[i], members.get(i).used(service));
        }
        int[] raised = QuotaShares.raised(state.cap, effective, wanted);
        return apply(service, state, raised);
    }

    private CompletableFuture<Void> apply(int service, Cap state, int[] shares) {
        List<CompletableFuture<Void>> changes = new ArrayList<>();
        for (int i = 0; i < shares.length; i++) {
            if (shares[i] != state.shares[i]) {
                changes.add(members.get(i).share(service, shares[i]));
            }
        }
        state.shares = shares;
        return CompletableFuture.allOf(changes.toArray(CompletableFuture[]::new));
    }
}
