package io.marchproxy.l3l4.engine.tcp;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts how often accepting had to pause, and says so once an episode rather than at every try. Any thread. */
final class AcceptPauses {
    private static final Logger LOG = LoggerFactory.getLogger(AcceptPauses.class);
    private static final long EPISODE_NS = TimeUnit.SECONDS.toNanos(30);

    private final LongAdder count = new LongAdder();
    private final AtomicLong quietUntilNs = new AtomicLong(Long.MIN_VALUE);

    void paused(String service, Throwable cause, long nowNs) {
        count.increment();
        long until = quietUntilNs.get();
        if ((until == Long.MIN_VALUE || nowNs - until >= 0) && quietUntilNs.compareAndSet(until, nowNs + EPISODE_NS)) {
            LOG.warn(
                    "service {}: can't accept connections ({}); trying again every second, those that stand live on",
                    service,
                    cause.getMessage());
        } else {
            quietUntilNs.set(nowNs + EPISODE_NS);
        }
    }

    long count() {
        return count.sum();
    }
}
