package io.marchproxy.l3l4.engine.latency;

import io.marchproxy.l3l4.config.settings.LatencySettings;
import io.marchproxy.l3l4.engine.shard.ShardLatency;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The latency logs of all shards, {@code <data-dir>/latency/shard-N.hlog}, and the one thread that takes the counts over and writes
 * them. Shards count into cells of their own whether it is there or not.
 */
public final class LatencyLogs implements AutoCloseable {
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final List<ShardLatencyLog> logs = new ArrayList<>();
    private final long intervalNs;
    private final Thread writer;

    /** Lines are dated by the monotonic clock from here on: a clock that is set makes no interval long or negative. */
    private final long startNs = System.nanoTime();

    private final long startMs = System.currentTimeMillis();
    private volatile boolean running = true;

    private LatencyLogs(Path folder, LatencySettings settings, List<ShardLatency> shards) {
        intervalNs = settings.interval().toNanos();
        for (int shard = 0; shard < shards.size(); shard++) {
            logs.add(new ShardLatencyLog(folder, shard, shards.get(shard), settings.maxSizeBytes() / shards.size()));
        }
        writer = Thread.ofPlatform().daemon().name("latency").start(this::run);
    }

    /**
     * Begins to log.
     *
     * @param shards by number
     * @return null when latencies are not to be logged
     */
    public static @Nullable LatencyLogs open(Path dataDir, LatencySettings settings, List<ShardLatency> shards) {
        return settings.enabled() ? new LatencyLogs(dataDir.resolve("latency"), settings, shards) : null;
    }

    private void run() {
        long beganNs = startNs;
        while (running) {
            long untilNs = beganNs + intervalNs;
            for (long leftNs = intervalNs; running && leftNs > 0; leftNs = untilNs - System.nanoTime()) {
                LockSupport.parkNanos(this, leftNs);
            }
            beganNs = write(beganNs);
        }
        logs.forEach(ShardLatencyLog::close);
    }

    private long write(long beganNs) {
        long endedNs = System.nanoTime();
        logs.forEach(log -> log.write(wallMs(beganNs), wallMs(endedNs)));
        return endedNs;
    }

    private long wallMs(long ns) {
        return startMs + TimeUnit.NANOSECONDS.toMillis(ns - startNs);
    }

    /** Each shard's log as it stands. */
    public List<LatencyLogStatus> status() {
        return logs.stream().map(ShardLatencyLog::status).toList();
    }

    /** Writes what was counted last, and closes the files. The shards' threads have ended. */
    @Override
    public void close() {
        running = false;
        LockSupport.unpark(writer);
        try {
            writer.join(CLOSE_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
