package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.numa.MemoryPolicy;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.Scheduling;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import net.openhft.affinity.Affinity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a shard's threads: named after what they do, soon on the CPU again after they had to wait for it and, when asked, pinned
 * to a CPU and at home on its node.
 */
final class PinnedThreads {
    private static final Logger LOG = LoggerFactory.getLogger(PinnedThreads.class);

    private PinnedThreads() {}

    /**
     * A factory of one kind of thread.
     *
     * @param role such as {@code io}; the thread is called {@code shard-N-io}
     * @param which of the shard's CPUs, modulo their number; none leaves the thread to the scheduler
     */
    static ThreadFactory named(ShardOptions shard, String role, int which) {
        List<Integer> cpus = shard.cpus();
        return task -> {
            Thread thread = new FastThreadLocalThread(
                    () -> {
                        if (!cpus.isEmpty()) {
                            pin(cpus.get(which % cpus.size()));
                        }
                        if (shard.node() != PlacementPlan.ANY_NODE) {
                            // Covers what others map for this thread: Netty's buffers, the kernel's rings. Where it is
                            // refused, so was binding the shard's own memory before, and that was told.
                            MemoryPolicy.preferForThread(shard.node());
                        }
                        int refused = Scheduling.takeShortSlices();
                        if (refused != 0) {
                            LOG.debug("the scheduler's slices stay as they are: {}", Errno.describe(-refused));
                        }
                        task.run();
                    },
                    "shard-" + shard.id() + "-" + role);
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
