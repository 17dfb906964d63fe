package io.marchproxy.l3l4.stages.route;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** What the route stage of one shard counts, for any thread. */
public final class RouteFigures {
    private final IntFunction<@Nullable ServicePool> pools;
    private final BackendStates states;

    RouteFigures(IntFunction<@Nullable ServicePool> pools, BackendStates states) {
        this.pools = pools;
        this.states = states;
    }

    /** Flows of a backend at present. */
    public int flows(int backend) {
        return states.flows().seen(backend);
    }

    /** How often a backend that was to be taken had no room. */
    public long refusedAt(int backend) {
        return states.flows().refused(backend);
    }

    /** What the bytes that left a backend cost, each at the price of its time. */
    public double cost(int backend) {
        return states.bills().cost(backend);
    }

    /** New flows of a service that went to whomever, since too few of its backends were healthy. */
    public long panics(int service) {
        ServicePool pool = pools.apply(service);
        return pool == null ? 0 : pool.panics();
    }

    /** New flows of a service that found every backend full. */
    public long refused(int service) {
        ServicePool pool = pools.apply(service);
        return pool == null ? 0 : pool.refused();
    }

    /** What a service has spent in this shard on a day (UTC), in days since 1970, if that is the day of its last packet; else 0. */
    public double spentOn(int service, long day) {
        ServicePool pool = pools.apply(service);
        return pool == null ? 0 : pool.budget().spentHereOn(day);
    }

    /** Whether a service takes only the cheapest at the moment, its money being spent. */
    public boolean isSaving(int service) {
        ServicePool pool = pools.apply(service);
        return pool != null && pool.budget().isSaving();
    }
}
