package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Who may connect to a service: its connection cap, exact over all shards, and its accept rate per client address. Its
 * verdict is an input to the pipeline, which counts refusals.
 */
final class Admission {
    private final AtomicLong live = new AtomicLong();
    private final LongAdder total = new LongAdder();
    private final AcceptRateLimiter rate = new AcceptRateLimiter();
    private volatile int cap = Integer.MAX_VALUE;

    void update(ServiceSettings settings) {
        cap = settings.maxConnections();
        rate.rate(settings.acceptRate());
    }

    /**
     * Asks for a connection. When it is granted, {@link #release()} follows exactly once.
     *
     * @return null when granted, otherwise why not
     */
    @Nullable
    DropReason request(InetAddress client, long nowNs) {
        total.increment();
        if (!rate.tryAccept(client, nowNs)) {
            return DropReason.ACCEPT_RATE;
        }
        if (live.incrementAndGet() > cap) {
            live.decrementAndGet();
            return DropReason.CONNECTION_CAP;
        }
        return null;
    }

    void release() {
        live.decrementAndGet();
    }

    long live() {
        return live.get();
    }

    long total() {
        return total.sum();
    }
}
