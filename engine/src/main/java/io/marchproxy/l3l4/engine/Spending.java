package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells each shard what the others have spent of a service's daily budget, and what was spent before this start, so that the budget is
 * the service's and not a shard's, nor a process's. On the control thread, every second: by then a shard may have spent what a second
 * brings beyond the budget, and no more; and a process that is killed forgets no more.
 */
final class Spending {
    /** What a shard spends, and is told. */
    interface Purse {
        /** What a service has spent in the shard on a day, in days since 1970. */
        double spentOn(int service, long day);

        /** Tells the shard what the others have spent. Completes when it knows. */
        CompletableFuture<Void> spentElsewhere(int service, double sum, long day);
    }

    private record Told(double sum, long day) {}

    private final List<Purse> purses;
    private final long epochOffsetNs;
    private final SpentFile file;
    private final SpentFile.Sums earlier;

    /** By shard and service: what it was told last. */
    private final Map<Long, Told> told = new HashMap<>();

    /**
     * Watches over shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     * @param file where it is kept over a restart
     */
    Spending(List<Purse> purses, long epochOffsetNs, SpentFile file) {
        this.purses = purses;
        this.epochOffsetNs = epochOffsetNs;
        this.file = file;
        this.earlier = file.read();
    }

    /** A shard's purse. */
    static Purse purse(Shard shard) {
        return new Purse() {
            @Override
            public double spentOn(int service, long day) {
                return shard.pipeline().routeFigures().spentOn(service, day);
            }

            @Override
            public CompletableFuture<Void> spentElsewhere(int service, double sum, long day) {
                return shard.spent(service, sum, day);
            }
        };
    }

    /** What a service, such as {@code web/tcp}, had spent on a day before this start. Any thread. */
    double before(String service, long day) {
        return earlier.of(service, day);
    }

    /** Looks at the services that have a budget; completes when all shards know. */
    List<CompletableFuture<Void>> turn(CompiledSettings settings, long nowNs) {
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        List<CompletableFuture<Void>> knowing = new ArrayList<>();
        Map<String, Double> sums = new HashMap<>();
        for (CompiledService service : settings.services()) {
            if (service.active() && service.settings().routing().dailyBudget() > 0) {
                double before = before(service.label(), day);
                sums.put(service.label(), before + share(service.id(), before, day, knowing));
            }
        }
        if (!sums.isEmpty()) {
            file.write(new SpentFile.Sums(day, sums));
        }
        return knowing;
    }

    /**
     * Shares what a service has spent on a day: of a shard that had no packet on it yet, nothing.
     *
     * @param before what it had spent before this start
     * @return what it has spent since
     */
    double share(int service, double before, long day, List<CompletableFuture<Void>> knowing) {
        double[] spent = new double[purses.size()];
        double all = 0;
        for (int i = 0; i < spent.length; i++) {
            spent[i] = purses.get(i).spentOn(service, day);
            all += spent[i];
        }
        for (int i = 0; i < spent.length; i++) {
            Told now = new Told(before + (all - spent[i]), day);
            if (!knows(told.put((long) service << Integer.SIZE | i, now), now)) {
                knowing.add(purses.get(i).spentElsewhere(service, now.sum(), day));
            }
        }
        return all;
    }

    /** Whoever is alone knows by himself that a new day begins with nothing. */
    private boolean knows(@Nullable Told last, Told now) {
        if (purses.size() > 1) {
            return now.equals(last);
        }
        return now.sum() == (last == null ? 0 : last.sum());
    }
}
