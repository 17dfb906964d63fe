package io.marchproxy.l3l4.engine.shard;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import net.openhft.affinity.Affinity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a shard's threads: named after what they do and, when asked, pinned to a CPU. */
final class PinnedThreads {
    private static final Logger LOG = LoggerFactory.getLogger(PinnedThreads.class);

    private PinnedThreads() {}

    /**
     * A factory of one kind of thread.
     *
     * @param role such as {@code io}; the thread is called {@code shard-N-io}
     * @param cpus to pick from; empty leaves the thread to the scheduler
     * @param which of the CPUs, modulo their number
     */
    static ThreadFactory named(int shard, String role, List<Integer> cpus, int which) {
        return task -> {
            Thread thread = new FastThreadLocalThread(
                    () -> {
                        if (!cpus.isEmpty()) {
                            pin(cpus.get(which % cpus.size()));
                        }
                        task.run();
                    },
                    "shard-" + shard + "-" + role);
            thread.setDaemon(true);
            return thread;
        };
    }

    private static void pin(int cpu) {
        String name = Thread.currentThread().getName();
        try {
            Affinity.setAffinity(cpu);
            LOG.info("{} is pinned to CPU {}", name, cpu);
        } catch (IllegalStateException e) {
            LOG.warn(
                    "{} could not be pinned to CPU {} and runs where the scheduler puts it: {}",
                    name,
                    cpu,
                    e.getMessage());
        }
    }
}
