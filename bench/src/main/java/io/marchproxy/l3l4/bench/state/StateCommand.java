package io.marchproxy.l3l4.bench.state;

import io.marchproxy.l3l4.bench.Machine;
import io.marchproxy.l3l4.engine.state.FlowStateLayout;
import io.marchproxy.l3l4.engine.state.StateMap;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench state}: the flow state's map by its size, as the state thread uses it. */
@Command(
        name = "state",
        mixinStandardHelpOptions = true,
        description = {
            "Fills the flow state's map with 10,000 to ten million flows, and prints for each size what a flow takes on",
            "the disk and in memory, and what it costs to insert, update, find and miss one at random, to go over all of",
            "them, to close, and to open the map again, closed and killed. One thread; takes about two minutes."
        })
public final class StateCommand implements Callable<Integer> {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int MOST_RANDOM = 1_000_000;
    private static final long SEED = 42;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--flows",
            paramLabel = "N",
            split = ",",
            defaultValue = "10000,100000,1000000,10000000",
            description = "Sizes, apart by commas. Default: ${DEFAULT-VALUE}.")
    private List<Integer> sizes;

    @Option(names = "--folder", paramLabel = "DIR", description = "Where the map is made. Default: a temporary folder.")
    private @Nullable Path folder;

    private final byte[] key = new byte[FlowStateLayout.KEY_SIZE];
    private final byte[] value = new byte[FlowStateLayout.VALUE_SIZE];

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        out.println(Machine.here().describe());
        out.println(
                "                   disk    memory    insert    update      find      miss   go over     close      open   recover");
        out.println(
                "       flows     B/flow    B/flow        ns        ns        ns        ns         s         s         s         s");
        warmUp();
        for (int flows : sizes) {
            measure(out, flows);
            out.flush();
        }
        return 0;
    }

    /** Chronicle's classes and our loops, compiled. */
    private void warmUp() throws IOException {
        Path where = Files.createTempDirectory("bench-state");
        try (StateMap map = StateMap.open(where, MOST_RANDOM / 10, false)) {
            for (int round = 0; round < 3; round++) {
                fill(map, MOST_RANDOM / 10);
                random(map, MOST_RANDOM / 10, 0, false);
                random(map, MOST_RANDOM / 10, 0, true);
                map.count();
            }
        }
        delete(where);
    }

    private void measure(PrintWriter out, int flows) throws IOException {
        Path parent = folder;
        Path where = parent == null
                ? Files.createTempDirectory("bench-state")
                : Files.createTempDirectory(Files.createDirectories(parent), "bench-state");
        StateMap map = StateMap.open(where, flows, false);
        long mappedBefore = mappedBytes();
        long insertNs = fill(map, flows);
        long updateNs = random(map, flows, 0, true);
        long findNs = random(map, flows, 0, false);
        long missNs = random(map, flows, flows, false);
        double diskPerFlow = (double) map.diskBytes() / flows;
        double memoryPerFlow = (double) (mappedBytes() - mappedBefore) / flows;
        long overNs = -System.nanoTime();
        if (map.count() != flows) {
            throw new IllegalStateException("the map has " + map.count() + " flows, not " + flows);
        }
        overNs += System.nanoTime();
        long closeNs = time(map::close);
        StateMap[] again = {map};
        long openNs = time(() -> again[0] = StateMap.open(where, flows, true));
        again[0].close();
        long recoverNs = time(() -> again[0] = StateMap.open(where, flows, false));
        again[0].close();
        delete(where);
        out.printf(
                Locale.ROOT,
                "%,12d %9.0f %9.0f %9d %9d %9d %9d %9.2f %9.2f %9.2f %9.2f%n",
                flows,
                diskPerFlow,
                memoryPerFlow,
                insertNs,
                updateNs,
                findNs,
                missNs,
                overNs / 1e9,
                closeNs / 1e9,
                openNs / 1e9,
                recoverNs / 1e9);
    }

    /** Inserts all flows, in an order that the map's hash makes random; gives nanoseconds each. */
    private long fill(StateMap map, int flows) {
        long beganNs = System.nanoTime();
        for (int i = 0; i < flows; i++) {
            name(i);
            map.put(key, value);
        }
        return (System.nanoTime() - beganNs) / flows;
    }

    /** Flows at random, from a first one on; gives nanoseconds each. */
    private long random(StateMap map, int flows, int first, boolean update) {
        SplittableRandom random = new SplittableRandom(SEED);
        int times = Math.min(4 * flows, MOST_RANDOM);
        int found = 0;
        long beganNs = System.nanoTime();
        for (int i = 0; i < times; i++) {
            name(first + random.nextInt(flows));
            if (update) {
                map.put(key, value);
                found++;
            } else if (map.get(key, value)) {
                found++;
            }
        }
        long tookNs = System.nanoTime() - beganNs;
        if (found != (first == 0 ? times : 0)) {
            throw new IllegalStateException(found + " of " + times + " were found");
        }
        return tookNs / times;
    }

    private void name(int flow) {
        LONG.set(key, FlowStateLayout.CLIENT_LOW, 0x0a00_0000L + (flow >>> 14));
        LONG.set(key, FlowStateLayout.LISTENER_LOW, 0x7f00_0001L);
        SHORT.set(key, FlowStateLayout.CLIENT_PORT, (short) (1024 + (flow & 0x3fff)));
        LONG.set(value, FlowStateLayout.PACKETS_TO_BACKEND, flow);
    }

    private interface Step {
        void run() throws IOException;
    }

    private static long time(Step step) throws IOException {
        long beganNs = System.nanoTime();
        step.run();
        return System.nanoTime() - beganNs;
    }

    /** What of mapped files this process has in its page tables. */
    private static long mappedBytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("RssFile:") || line.startsWith("RssShmem:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
    }

    private static void delete(Path where) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(where);
    }
}
