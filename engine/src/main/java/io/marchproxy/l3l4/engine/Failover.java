package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.engine.health.BackendTraffic;
import io.marchproxy.l3l4.engine.health.HealthMonitor;
import io.marchproxy.l3l4.engine.health.ProbeTarget;
import io.marchproxy.l3l4.engine.shard.HealthSignals;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.tcp.TcpRelay;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Between the health monitor and the shards: what traffic meets and leaves unanswered goes to the one, flips and measurements
 * go to the others as events; then the connections of a backend that is out are seen to. Any thread.
 */
final class Failover implements HealthMonitor.Listener, BackendTraffic, HealthSignals, AutoCloseable {
    private static final double MILLION = 1e6;
    private static final long NEVER = -1;

    private final HealthMonitor health;
    private final ConnectErrors errors = new ConnectErrors();
    private volatile List<Shard> shards = List.of();
    private final Map<Integer, Long> outages = new ConcurrentHashMap<>();
    private volatile @Nullable Connections tcp;
    private long outagesBegun;

    /** The connections to backends. */
    @FunctionalInterface
    interface Connections {
        /** As {@link TcpRelay#backendIsOut}. */
        void backendIsOut(int backend, long resetAfterNs, BooleanSupplier isOut);
    }

    /** A monitor that watches nothing yet, and no shards. */
    Failover(long seed) {
        health = new HealthMonitor(this, this, seed);
    }

    /** From now on these shards are told; before, there is nothing to tell. */
    void serve(List<Shard> running, Connections connections) {
        tcp = connections;
        shards = List.copyOf(running);
    }

    HealthMonitor health() {
        return health;
    }

    /** Errors that live traffic met at each backend. */
    ConnectErrors errors() {
        return errors;
    }

    @Override
    public void failed(int backend, int errno) {
        errors.count(backend);
        health.failed(backend, errno);
    }

    @Override
    public void flipped(ProbeTarget target, boolean usable) {
        int backend = target.backend();
        shards.forEach(shard -> shard.health(target.service(), backend, usable));
        if (usable) {
            outages.remove(backend);
            return;
        }
        long outage = ++outagesBegun;
        outages.put(backend, outage);
        Connections connections = tcp;
        if (connections != null && !target.datagrams()) {
            connections.backendIsOut(backend, resetAfterNs(target), () -> isOut(backend, outage));
        }
    }

    /** Whoever drains a backend by command wants its connections to end, not to be cut. */
    private long resetAfterNs(ProbeTarget target) {
        HealthSettings settings = target.settings();
        HealthMonitor.Health state = health.health(target.backend());
        boolean drained = state != null && state.drained();
        return switch (settings.onUnhealthy()) {
            case LEAVE -> NEVER;
            case DRAIN -> settings.drain().toNanos();
            case RESET -> drained ? settings.drain().toNanos() : 0;
        };
    }

    /** Whether an outage still lasts: one that has begun since has its own time. */
    private boolean isOut(int backend, long outage) {
        HealthMonitor.Health state = health.health(backend);
        return state != null && !state.healthy() && outages.getOrDefault(backend, 0L) == outage;
    }

    @Override
    public void measured(ProbeTarget target, long pathNs, double loss) {
        long lossPpm = Math.round(loss * MILLION);
        shards.forEach(shard -> shard.measured(target.service(), target.backend(), pathNs, lossPpm));
    }

    @Override
    public long questions(int backend) {
        return sum(shard -> shard.perBackend().questions(backend));
    }

    @Override
    public long answers(int backend) {
        return sum(shard -> shard.perBackend().answers(backend));
    }

    @Override
    public long promptness(int backend) {
        return sum(shard -> shard.perBackend().promptness(backend));
    }

    @Override
    public long bytesToBackend(int backend) {
        return sum(shard -> shard.perBackend().bytesToBackend(backend));
    }

    @Override
    public long bytesToClient(int backend) {
        return sum(shard -> shard.perBackend().bytesToClient(backend));
    }

    private long sum(ToLongFunction<Shard> of) {
        long sum = 0;
        for (Shard shard : shards) {
            sum += of.applyAsLong(shard);
        }
        return sum;
    }

    @Override
    public void close() {
        health.close();
    }
}
