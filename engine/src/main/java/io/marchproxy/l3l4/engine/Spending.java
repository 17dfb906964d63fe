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

        /** Whether a service's new flows go to the cheapest in the shard, as of the last. */
        boolean isSaving(int service);

        /** Tells the shard what the others have spent. Completes when it knows. */
        CompletableFuture<Void> spentElsewhere(int service, double sum, long day);
    }

    /** What a shard was told; completes when it knows. */
    private record Told(double sum, long day, CompletableFuture<Void> known) {}

    private final List<Purse> purses;
    private final long epochOffsetNs;
    private final SpentFile file;
    private final SpentFile.Sums earlier;

    /** As the file has it: a reload or a restart without a service, or without its budget, forgets nothing of the day. */
    private SpentFile.Sums today;

    /** By shard and service: what it was told last. */
    private final Map<Long, Told> told = new HashMap<>();

    private final BudgetWatch watch = new BudgetWatch();

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
        this.today = earlier;
    }

    /** A shard's purse. */
    static Purse purse(Shard shard) {
        return new Purse() {
            @Override
            public double spentOn(int service, long day) {
                return shard.pipeline().routeFigures().spentOn(service, day);
            }

            @Override
            public boolean isSaving(int service) {
                return shard.pipeline().routeFigures().isSaving(service);
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

    /** When a service, such as {@code web/tcp}, last began or ceased to save, as {@link System#nanoTime()}; else what is given. Any thread. */
    long savingChangedNs(String service, long neverNs) {
        return watch.changedNs(service, neverNs);
    }

    /** Looks at what services have spent; completes when all shards know of those that have a budget. */
    List<CompletableFuture<Void>> turn(CompiledSettings settings, long nowNs) {
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        List<CompletableFuture<Void>> knowing = new ArrayList<>();
        Map<String, Double> sums = new HashMap<>();
        for (CompiledService service : settings.services()) {
            double before = before(service.label(), day);
            boolean isLimited = service.active() && service.settings().routing().dailyBudget() > 0;
            double since = isLimited ? share(service.id(), before, day, knowing) : sum(spent(service.id(), day));
            sums.put(service.label(), before + since);
            if (service.active()) {
                boolean saves = purses.stream().anyMatch(purse -> purse.isSaving(service.id()));
                watch.look(service, saves, before + since, nowNs);
            }
        }
        watch.retain(settings);
        write(day, sums);
        return knowing;
    }

    /** Writes down what was spent on a day, budget or not: one may be set, or set again, on the same day. */
    private void write(long day, Map<String, Double> sums) {
        Map<String, Double> all = new HashMap<>(day == today.day() ? today.byService() : Map.of());
        all.putAll(sums);
        all.values().removeIf(sum -> sum <= 0);
        today = new SpentFile.Sums(day, all);
        if (!all.isEmpty()) {
            file.write(today);
        }
    }

    /** By shard, what a service has spent on a day: of a shard that had no packet on it yet, nothing. */
    private double[] spent(int service, long day) {
        return purses.stream().mapToDouble(purse -> purse.spentOn(service, day)).toArray();
    }

    private static double sum(double[] spent) {
        double sum = 0;
        for (double each : spent) {
            sum += each;
        }
        return sum;
    }

    /**
     * Shares what a service has spent on a day.
     *
     * @param before what it had spent before this start
     * @param knowing takes what completes when a shard knows
     * @return what it has spent since
     */
    double share(int service, double before, long day, List<CompletableFuture<Void>> knowing) {
        double[] spent = spent(service, day);
        double all = sum(spent);
        for (int i = 0; i < spent.length; i++) {
            tell(i, service, before + (all - spent[i]), day, knowing);
        }
        return all;
    }

    private void tell(int shard, int service, double sum, long day, List<CompletableFuture<Void>> knowing) {
        long key = (long) service << Integer.SIZE | shard;
        Told last = told.get(key);
        if (!knows(last, sum, day)) {
            last = new Told(sum, day, purses.get(shard).spentElsewhere(service, sum, day));
            told.put(key, last);
        }
        if (last != null && !last.known().isDone()) {
            knowing.add(last.known());
        }
    }

    /** Whoever is alone knows by himself that a new day begins with nothing. An event that did not arrive has told nothing. */
    private boolean knows(@Nullable Told last, double sum, long day) {
        boolean isAlone = purses.size() == 1;
        if (last == null) {
            return isAlone && sum == 0;
        }
        return last.sum() == sum
                && (isAlone || last.day() == day)
                && !last.known().isCompletedExceptionally();
    }
}
