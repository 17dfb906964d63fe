package io.marchproxy.l3l4.engine.metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** The process and its JVM, under the names that dashboards for Prometheus expect. */
final class ProcessMetrics {
    private static final double NANOS = 1e-9;
    private static final double MILLIS = 1e-3;

    private ProcessMetrics() {}

    static void collect(Function<Metric, Family> family) {
        process(family);
        memory(family);
        for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            family.apply(Metric.JVM_GC)
                    .part("_count", "", gc.getCollectionCount(), gc.getName())
                    .part("_sum", "", gc.getCollectionTime() * MILLIS, gc.getName());
        }
        family.apply(Metric.JVM_THREADS).set(ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private static void process(Function<Metric, Family> family) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            family.apply(Metric.PROCESS_CPU).set(system.getProcessCpuTime() * NANOS);
            family.apply(Metric.PROCESS_OPEN_FDS).set(system.getOpenFileDescriptorCount());
            family.apply(Metric.PROCESS_MAX_FDS).set(system.getMaxFileDescriptorCount());
        }
        family.apply(Metric.PROCESS_START)
                .set(ManagementFactory.getRuntimeMXBean().getStartTime() * MILLIS);
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    family.apply(Metric.PROCESS_RESIDENT).set(bytes(line));
                } else if (line.startsWith("VmSize:")) {
                    family.apply(Metric.PROCESS_VIRTUAL).set(bytes(line));
                }
            }
        } catch (IOException _) {
            // Only Linux tells; elsewhere the two are absent.
        }
    }

    private static long bytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
    }

    private static void memory(Function<Metric, Family> family) {
        var memory = ManagementFactory.getMemoryMXBean();
        area(family, "heap", memory.getHeapMemoryUsage());
        area(family, "nonheap", memory.getNonHeapMemoryUsage());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            family.apply(Metric.JVM_BUFFER_POOL_USED).set(pool.getMemoryUsed(), pool.getName());
        }
    }

    private static void area(Function<Metric, Family> family, String area, MemoryUsage usage) {
        family.apply(Metric.JVM_MEMORY_USED).set(usage.getUsed(), area);
        if (usage.getMax() >= 0) {
            family.apply(Metric.JVM_MEMORY_MAX).set(usage.getMax(), area);
        }
    }
}
