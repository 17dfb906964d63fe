package io.marchproxy.l3l4.engine.shard;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a loop alive through errors that should not happen: each distinct one is logged with its stack the first time, and
 * then only when its count reaches the next power of ten. Any thread.
 */
public final class DistinctErrors {
    private static final Logger LOG = LoggerFactory.getLogger(DistinctErrors.class);
    private static final int MOST_KINDS = 256;

    private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();
    private final AtomicLong total = new AtomicLong();

    /** Counts an error, and logs it when it is new. */
    public void record(String where, Throwable error) {
        total.incrementAndGet();
        StackTraceElement[] stack = error.getStackTrace();
        String kind = where + " " + error.getClass().getName() + (stack.length == 0 ? "" : " " + stack[0]);
        AtomicLong count = counts.get(kind);
        if (count == null) {
            count = counts.size() < MOST_KINDS
                    ? counts.computeIfAbsent(kind, key -> new AtomicLong())
                    : counts.computeIfAbsent("others", key -> new AtomicLong());
        }
        long times = count.incrementAndGet();
        if (times == 1) {
            LOG.error("{}: unexpected error; the loop goes on", where, error);
        } else if (isPowerOfTen(times)) {
            LOG.error("{}: {} for the {}th time", where, error.toString(), times);
        }
    }

    /** A task whose errors are recorded: an executor ends what repeats with its first exception, without a word. */
    public Runnable survived(String where, Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                record(where, e);
            }
        };
    }

    /** Errors of all kinds so far. */
    public long total() {
        return total.get();
    }

    private static boolean isPowerOfTen(long value) {
        long rest = value;
        while (rest % 10 == 0) {
            rest /= 10;
        }
        return rest == 1;
    }
}
