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
    /** What a shard spends, and is told. */
    interface Purse {
        /** What a service has spent in the shard on a day, in days since 1970. */
        double spentOn(int service, long day);

        /** Tells the shard what the others have spent. */
        void spentElsewhere(int service, double sum, long day);
    }

    private record Told(double sum, long day) {}

    private final List<Purse> purses;
    private final long epochOffsetNs;

    /** By shard and service: what it was told last. */
    private final Map<Long, Told> told = new HashMap<>();

    /**
     * Watches over shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     */
    Spending(List<Purse> purses, long epochOffsetNs) {
        this.purses = purses;
        this.epochOffsetNs = epochOffsetNs;
    }

    /** A shard's purse. */
    static Purse purse(Shard shard) {
        return new Purse() {
            @Override
            public double spentOn(int service, long day) {
                return shard.pipeline().routeFigures().spentOn(service, day);
            }

            @Override
            public void spentElsewhere(int service, double sum, long day) {
                shard.spent(service, sum, day);
            }
        };
    }

    /** Looks at the services that have a budget. */
    void turn(CompiledSettings settings, long nowNs) {
        if (purses.size() == 1) {
            return;
        }
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        for (CompiledService service : settings.services()) {
            if (service.active() && service.settings().routing().dailyBudget() > 0) {
                share(service.id(), day);
            }
        }
    }

    /** Shares what a service has spent on a day: of a shard that had no packet on it yet, nothing. */
    void share(int service, long day) {
        double[] spent = new double[purses.size()];
        double all = 0;
        for (int i = 0; i < spent.length; i++) {
            spent[i] = purses.get(i).spentOn(service, day);
            all += spent[i];
        }
        for (int i = 0; i < spent.length; i++) {
            Told now = new Told(all - spent[i], day);
            if (!now.equals(told.put((long) service << Integer.SIZE | i, now))) {
                purses.get(i).spentElsewhere(service, now.sum(), day);
            }
        }
    }
}
