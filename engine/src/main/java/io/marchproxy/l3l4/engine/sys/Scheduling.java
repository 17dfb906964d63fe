package io.marchproxy.l3l4.engine.sys;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What this process asks of the kernel's scheduler: that whoever carries traffic goes before whoever compiles, where they share
 * a CPU. Neither needs a privilege. Any thread; answers are 0 or the negative errno.
 *
 * <pre>
 * sched_attr       0 size (4)   4 policy (4)   8 flags (8)   16 nice (4)   20 priority (4)   24 runtime, the slice in ns (8)
 *                 32 deadline (8)   40 period (8)
 * </pre>
 *
 * @see <a href="https://www.kernel.org/doc/html/latest/scheduler/sched-eevdf.html">EEVDF, slices from Linux 6.12 on</a>
 */
public final class Scheduling {
    /** The shortest slice that the kernel grants. */
    public static final long SHORTEST_SLICE_NS = 100_000;

    private static final long SCHED_SETATTR = SystemCall.number(314, 274);
    private static final long SCHED_GETATTR = SystemCall.number(315, 275);
    private static final long SETPRIORITY = SystemCall.number(141, 140);
    private static final long GETPRIORITY = SystemCall.number(140, 141);

    private static final int ATTR_SIZE = 48;
    private static final int ATTR_POLICY = 4;
    private static final int ATTR_RUNTIME = 24;
    private static final int SCHED_OTHER = 0;
    private static final int CALLER = 0;
    private static final int OF_A_THREAD = 0;

    /** The system call answers 20 − nice, so that no answer looks like an error. */
    private static final int NICE_BIAS = 20;

    private static final int NICEST = 19;

    private Scheduling() {}

    /**
     * Gives the calling thread the shortest slice: it may run as much as before, but goes on sooner after it had to wait. A
     * thread that somebody put under another policy, such as SCHED_FIFO, stays as it is. Before Linux 6.12 nothing changes.
     */
    public static int takeShortSlices() {
        return giveShortSlices(CALLER);
    }

    /** Gives another thread of this process the shortest slice: it keeps others from the CPU for no longer at a time. */
    public static int giveShortSlices(int thread) {
        try (Arena arena = Arena.ofConfined()) {
            long attributes = arena.allocate(ATTR_SIZE, Long.BYTES).address();
            int got = attributes(thread, attributes);
            if (got < 0 || Memory.getInt(attributes + ATTR_POLICY) != SCHED_OTHER) {
                return got;
            }
            Memory.putLong(attributes + ATTR_RUNTIME, SHORTEST_SLICE_NS);
            return (int) SystemCall.call(SCHED_SETATTR, thread, attributes, 0, 0, 0, 0);
        }
    }

    /** A thread's slice in ns, or 0 where the kernel has none. */
    static long sliceNs(int thread) {
        try (Arena arena = Arena.ofConfined()) {
            long attributes = arena.allocate(ATTR_SIZE, Long.BYTES).address();
            return attributes(thread, attributes) < 0 ? 0 : Memory.getLong(attributes + ATTR_RUNTIME);
        }
    }

    /** Lowers the priority of a thread of this process: to so much above the caller's own nice value, 19 at the most. */
    public static int giveWay(int thread, int by) {
        int nice = Math.min(nice(CALLER) + by, NICEST);
        return nice(thread) >= nice ? 0 : (int) SystemCall.call(SETPRIORITY, OF_A_THREAD, thread, nice, 0, 0, 0);
    }

    static int nice(int thread) {
        return NICE_BIAS - (int) SystemCall.call(GETPRIORITY, OF_A_THREAD, thread, 0, 0, 0, 0);
    }

    /**
     * This process's threads by the kernel's numbers, of those whose name begins so.
     *
     * @throws IOException where there is no {@code /proc}
     */
    public static List<Integer> threads(String prefix) throws IOException {
        List<Integer> found = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : (Iterable<Path>) tasks::iterator) {
                if (nameOf(task).startsWith(prefix)) {
                    found.add(Integer.parseInt(task.getFileName().toString()));
                }
            }
        }
        return found;
    }

    private static String nameOf(Path task) {
        try {
            return Files.readString(task.resolve("comm"));
        } catch (IOException _) {
            // It has ended since.
            return "";
        }
    }

    private static int attributes(int thread, long into) {
        return (int) SystemCall.call(SCHED_GETATTR, thread, into, ATTR_SIZE, 0, 0, 0);
    }
}
