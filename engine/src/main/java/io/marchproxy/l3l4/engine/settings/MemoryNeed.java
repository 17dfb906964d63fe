package io.marchproxy.l3l4.engine.settings;

import com.sun.management.OperatingSystemMXBean;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.FlowStateSettings;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.JournalRing;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the engine takes from the start, before the first packet, by its settings: at least. Settings that this process or
 * machine can't hold are told by their names, where the JVM would end with a bare "Java heap space".
 */
public final class MemoryNeed {
    /** A view and the reference to it. */
    private static final long HEAP_PER_SLOT = 24;

    /** The descriptor. */
    private static final long NATIVE_PER_SLOT = 128;

    /** The index of the flow table has two to four cells of 8 bytes for each flow; entries are taken as flows come. */
    private static final long NATIVE_PER_FLOW = 16;

    /** Pipelined placement has one ring on each side of the stages. */
    private static final int RINGS_PIPELINED = 2;

    private static final int MEBIBYTES = JournalRing.SHARD_BYTES >> 20;

    private static final double GIGABYTE = 1e9;

    private MemoryNeed() {}

    /** What this process and this machine can't hold, one line each; empty for sound settings. */
    public static List<String> faults(EngineSettings settings) {
        long machineBytes =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        return faults(
                settings,
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory(),
                machineBytes);
    }

    static List<String> faults(EngineSettings settings, int cpus, long heapBytes, long machineBytes) {
        long shards = settings.shards() == 0 ? cpus : settings.shards();
        long slots = shards * settings.ringSize();
        if (settings.mode() == EngineSettings.Mode.PIPELINED) {
            slots *= RINGS_PIPELINED;
        }
        List<String> faults = new ArrayList<>();
        if (slots * HEAP_PER_SLOT > heapBytes) {
            faults.add(String.format(
                    Locale.ROOT,
                    "engine.shards and engine.ring-size (%d x %d slots) take more than %s of the JVM's heap, which may"
                            + " have %s: lower one of them, or raise the heap by -Xmx in JAVA_OPTS",
                    shards,
                    settings.ringSize(),
                    gigabytes(slots * HEAP_PER_SLOT),
                    gigabytes(heapBytes)));
        }
        long fileRings = (settings.journal().mode() == JournalSettings.Mode.OFF ? 0 : shards)
                + (settings.flowState().mode() == FlowStateSettings.Mode.OFF ? 0 : shards);
        long nativeBytes =
                slots * NATIVE_PER_SLOT + settings.maxFlows() * NATIVE_PER_FLOW + fileRings * JournalRing.SHARD_BYTES;
        if (nativeBytes > machineBytes) {
            faults.add(String.format(
                    Locale.ROOT,
                    "engine.shards, engine.ring-size and engine.max-flows (%d x %d slots, %d flows)%s take more than %s"
                            + " from the start, and the machine has %s: lower one of them",
                    shards,
                    settings.ringSize(),
                    settings.maxFlows(),
                    fileRings > 0
                            ? " and the rings to journal and flow state (" + fileRings + " x " + MEBIBYTES + " MiB)"
                            : "",
                    gigabytes(nativeBytes),
                    gigabytes(machineBytes)));
        }
        return List.copyOf(faults);
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / GIGABYTE);
    }
}
