package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.DescriptorLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many connections the process's limit of file descriptors (RLIMIT_NOFILE) carries, over all shards. A connection takes
 * two: when clients are accepted without regard to the second, those that stand starve each other of backends. What is kept
 * back serves clients that wait, pipes, UDP sessions, probes and the admin server. Any thread.
 */
final class DescriptorBudget {
    private static final Logger LOG = LoggerFactory.getLogger(DescriptorBudget.class);
    private static final int EACH = 2;
    private static final long LEAST_KEPT_BACK = 64;
    private static final long MOST_KEPT_BACK = 256;
    private static final long KEPT_BACK_OF = 8;
    private static final long UNKNOWN = DescriptorLimit.UNLIMITED;

    private final AtomicLong free;

    /**
     * A budget.
     *
     * @param connections that may stand at once
     */
    DescriptorBudget(long connections) {
        free = new AtomicLong(connections);
    }

    /** The budget of this process, from what its limit is and what it has open now. */
    static DescriptorBudget ofThisProcess() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return new DescriptorBudget(connections(limitOfThisProcess(), open.count()));
        } catch (IOException e) {
            LOG.debug("what descriptors are open is not known here", e);
            return new DescriptorBudget(UNKNOWN);
        }
    }

    /** How many descriptors this process may have open; where that is not known, as many as it likes. */
    static long limitOfThisProcess() {
        try {
            return DescriptorLimit.ofThisProcess();
        } catch (IOException e) {
            LOG.debug("the limit of file descriptors is not known here", e);
            return UNKNOWN;
        }
    }

    /** Connections that a limit carries when so many descriptors are open already; at least one. */
    static long connections(long limit, long open) {
        long keptBack = Math.clamp(limit / KEPT_BACK_OF, LEAST_KEPT_BACK, MOST_KEPT_BACK);
        return Math.max(1, (limit - open - keptBack) / EACH);
    }

    /** Takes what one connection needs; given back once by {@link #give}. */
    boolean tryTake() {
        while (true) {
            long now = free.get();
            if (now <= 0) {
                return false;
            }
            if (free.compareAndSet(now, now - 1)) {
                return true;
            }
        }
    }

    void give() {
        free.incrementAndGet();
    }
}
