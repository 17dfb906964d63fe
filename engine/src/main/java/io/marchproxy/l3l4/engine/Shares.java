package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.engine.quota.QuotaBalancer;
import io.marchproxy.l3l4.engine.quota.RateBalancer;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What is configured for the whole service and each shard has a part of: caps of sessions and of backends' connections, rates,
 * and a day's money. Parts are moved to where they are wanted on the control thread.
 */
final class Shares {
    private static final long CAPS_TURN_MS = 20;
    private static final long RATES_TURN_MS = 10;
    private static final long SPENDING_TURN_MS = 1_000;
    private static final long CLOSE_SECONDS = 5;

    private final List<Shard> shards;
    private final ScheduledExecutorService control;
    private final QuotaBalancer sessions;
    private final QuotaBalancer rooms;
    private final Set<Integer> capped = new HashSet<>();
    private final RateBalancer rates;
    private final Spending spending;

    /**
     * Shares among shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     * @param dataDir where what was spent today is kept
     */
    Shares(List<Shard> shards, long epochOffsetNs, Path dataDir, ScheduledExecutorService control) {
        this.shards = shards;
        this.control = control;
        sessions = new QuotaBalancer(shards.stream().map(SessionShare::new).toList(), control);
        rooms = new QuotaBalancer(shards.stream().map(RoomShare::new).toList(), control);
        rates = new RateBalancer(shards.stream().map(RateShare::new).toList(), control);
        spending = new Spending(shards.stream().map(Spending::purse).toList(), epochOffsetNs, new SpentFile(dataDir));
    }

    /** Puts a configuration's caps and rates into force; each completes when it is. One caller at a time. */
    List<CompletableFuture<Void>> shareOut(CompiledSettings settings) {
        control.execute(() -> rates.settings(settings.pipeline().shape()));
        List<CompletableFuture<Void>> told = new ArrayList<>();
        for (CompiledService service : settings.services()) {
            if (service.protocol() == Protocol.UDP.number()) {
                told.add(cap(sessions, service.id(), service.settings().maxSessions()));
            }
        }
        for (CompiledBackend backend : settings.backends()) {
            int most = backend.settings().maxConnections();
            if (most > 0) {
                int index = backend.target().index();
                if (capped.add(index)) {
                    // A share of nothing is the one that the balancer takes for told already.
                    shards.forEach(shard -> told.add(shard.room(index, 0)));
                }
                told.add(cap(rooms, index, most));
            }
        }
        told.add(CompletableFuture.supplyAsync(() -> spending.turn(settings, System.nanoTime()), control)
                .thenCompose(knowing -> CompletableFuture.allOf(knowing.toArray(CompletableFuture[]::new))));
        return told;
    }

    /** What a service, such as {@code web/tcp}, had spent on a day, in days since 1970, before this start. Any thread. */
    double spentBefore(String service, long day) {
        return spending.before(service, day);
    }

    /** When a service, such as {@code web/tcp}, last began or ceased to save, as {@link System#nanoTime()}; else what is given. Any thread. */
    long savingChangedNs(String service, long neverNs) {
        return spending.savingChangedNs(service, neverNs);
    }

    /** The service ends, and nothing is spent any more: what was is written down. Not on the control thread, which must run still. */
    void close(CompiledSettings settings) {
        CompletableFuture.runAsync(() -> spending.turn(settings, System.nanoTime()), control)
                .orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS)
                .handle((done, late) -> late == null)
                .join();
    }

    private CompletableFuture<Void> cap(QuotaBalancer balancer, int number, int most) {
        return CompletableFuture.supplyAsync(() -> balancer.cap(number, most), control)
                .thenCompose(done -> done);
    }

    /** From now on shares follow demand. */
    void start(Supplier<CompiledSettings> inForce, DistinctErrors errors) {
        repeat(CAPS_TURN_MS, errors.survived("session shares", () -> {
            sessions.turn();
            rooms.turn();
        }));
        repeat(RATES_TURN_MS, errors.survived("shares of rates", rates::turn));
        repeat(SPENDING_TURN_MS, errors.survived("spending", () -> spending.turn(inForce.get(), System.nanoTime())));
    }

    private void repeat(long everyMs, Runnable turn) {
        control.scheduleAtFixedRate(turn, everyMs, everyMs, TimeUnit.MILLISECONDS);
    }
}
