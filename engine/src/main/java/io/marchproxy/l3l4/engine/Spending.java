package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells each shard what the others have spent of a service's daily budget, so that the budget is the service's and not a shard's. On
 * the control thread, every second: by then a shard may have spent what a second brings beyond the budget, and no more.
 */
final class Spending {
    private final List<Shard> shards;
    private final long epochOffsetNs;

    /** By shard and service: what it was told last. */
    private final Map<Long, Double> told = new HashMap<>();

    /**
     * Watches over shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     */
    Spending(List<Shard> shards, long epochOffsetNs) {
        this.shards = shards;
        this.epochOffsetNs = epochOffsetNs;
    }

    /** Looks at the services that have a budget. */
    void turn(CompiledSettings settings, long nowNs) {
        if (shards.size() == 1) {
            return;
        }
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        for (CompiledService service : settings.services()) {
            if (service.active() && service.settings().routing().dailyBudget() > 0) {
                share(service.id(), day);
            }
        }
    }

    private void share(int service, long day) {
        double all = 0;
        for (Shard shard : shards) {
            all += shard.pipeline().routeFigures().spentToday(service);
        }
        for (Shard shard : shards) {
            double elsewhere = all - shard.pipeline().routeFigures().spentToday(service);
            Double before = told.put((long) service << Integer.SIZE | shard.id(), elsewhere);
            if (before == null || before != elsewhere) {
                shard.spent(service, elsewhere, day);
            }
        }
    }
}
