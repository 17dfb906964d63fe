package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Who may connect to a service, over all shards, and what became of its connections. Accepting is not the packet path, so
 * atomics and a lock are fine here. Its verdict is an input to the pipeline, which counts refusals.
 */
final class Admission {
    private static final long LONGEST_DURATION_MS = TimeUnit.DAYS.toMillis(7);
    private static final int DURATION_DIGITS = 2;

    private final AtomicLong live = new AtomicLong();
    private final LongAdder accepted = new LongAdder();
    private final LongAdder connectErrors = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final AcceptRateLimiter rate = new AcceptRateLimiter();
    private final Histogram durationsMs = new ConcurrentHistogram(LONGEST_DURATION_MS, DURATION_DIGITS);
    private volatile int cap = Integer.MAX_VALUE;

    void update(ServiceSettings settings) {
        cap = settings.maxConnections();
        rate.rate(settings.acceptRate());
    }

    /** Takes a place under the connection cap. When granted, {@link #leave} follows exactly once. */
    boolean enter() {
        accepted.increment();
        if (live.incrementAndGet() > cap) {
            live.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives a place back. */
    void leave(long durationNs) {
        live.decrementAndGet();
        durationsMs.recordValue(Math.clamp(TimeUnit.NANOSECONDS.toMillis(durationNs), 0, LONGEST_DURATION_MS));
    }

    /** Why a client may not open another connection now, or null when it may. */
    @Nullable
    DropReason refusal(InetAddress client, long nowNs) {
        return rate.tryAccept(client, nowNs) ? null : DropReason.ACCEPT_RATE;
    }

    void connectFailed() {
        connectErrors.increment();
    }

    void retried() {
        retries.increment();
    }

    long live() {
        return live.get();
    }

    TcpCounters counters() {
        return new TcpCounters(live.get(), accepted.sum(), connectErrors.sum(), retries.sum(), durationsMs.copy());
    }
}
