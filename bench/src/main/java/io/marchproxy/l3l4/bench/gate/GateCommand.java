package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.BenchFolder;
import io.marchproxy.l3l4.bench.Machine;
import io.marchproxy.l3l4.bench.workload.Workload;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench gate}: exit code 1 when something became slower than its tolerance allows. */
@Command(
        name = "gate",
        mixinStandardHelpOptions = true,
        description = {
            "Compares a short run of the key benchmarks with the committed baseline, as ratios to a calibration",
            "kernel that takes turns with them. Exit code 1 when one became slower than its tolerance allows,",
            "in its first run and in two more."
        })
public final class GateCommand implements Callable<Integer> {
    private static final int REGRESSION = 1;
    private static final int BASELINE_RUNS = 5;
    private static final long WARM_UP_NS = 300_000_000L;
    private static final long SLICE_NS = 500_000L;
    private static final int ROUNDS = 250;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--update-baseline",
            description = "Write what is measured now (the median of five runs) into the baseline; tolerances stay.")
    private boolean updateBaseline;

    @Option(
            names = "--baseline",
            paramLabel = "FILE",
            description = "Default: the bench/baseline*.properties of this processor, or bench/baseline.properties.")
    private @Nullable Path baseline;

    @Option(
            names = "--plant",
            paramLabel = "NAME=PERCENT",
            description = "Slow a benchmark down by so much, to see the gate fail.")
    private String plant = "";

    @Option(names = "--measure", hidden = true, description = "Measure here, and print figures for the gate to read.")
    private boolean measure;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (measure) {
            return measureHere();
        }
        List<String> names = names();
        checkPlant(names);
        PrintWriter out = spec.commandLine().getOut();
        Machine machine = Machine.here();
        out.println(machine.describe());
        Fork fork = new Fork(plant);
        Path file = baseline;
        if (file == null) {
            Path folder = BenchFolder.find();
            file = updateBaseline
                    ? Baseline.newFileFor(machine.cpu(), folder)
                    : Baseline.fileFor(machine.cpu(), folder);
        }
        Baseline before = Files.exists(file) ? Baseline.read(file) : new Baseline(machine.cpu(), new TreeMap<>());
        if (updateBaseline) {
            return update(out, before, file, fork);
        }
        if (!before.cpu().equals(machine.cpu())) {
            out.println("The baseline was made on another processor (" + before.cpu()
                    + "), and ratios shift: only what takes"
                    + " twice as long fails. bench gate --update-baseline adds one for this processor.");
        }
        return report(out, new Gate(fork::measure, before, machine.cpu()).judge());
    }

    private static List<String> names() {
        try (Arena arena = Arena.ofConfined()) {
            return new ArrayList<>(GateWorkloads.all(arena).keySet());
        }
    }

    private static int report(PrintWriter out, List<Finding> findings) {
        out.printf("%-22s %9s %9s %9s %9s %7s  %s%n", "benchmark", "ns/op", "ratio", "baseline", "change", "±", "");
        for (Finding finding : findings) {
            out.printf(
                    Locale.ROOT,
                    "%-22s %9.2f %9.4f %9.4f %+8.1f%% %6d%%  %s%n",
                    finding.name(),
                    finding.measured().nsPerOperation(),
                    finding.measured().ratio(),
                    finding.baseline(),
                    finding.changePercent(),
                    finding.tolerancePercent(),
                    finding.verdict());
        }
        long slower = findings.stream().filter(Finding::isSlower).count();
        out.println(slower == 0 ? "gate: passed" : "gate: FAILED, " + slower + " slower than allowed");
        return slower == 0 ? 0 : REGRESSION;
    }

    private int update(PrintWriter out, Baseline before, Path file, Fork fork)
            throws IOException, InterruptedException {
        List<SortedMap<String, Measured>> runs = new ArrayList<>();
        for (int i = 1; i <= BASELINE_RUNS; i++) {
            runs.add(fork.measure());
            out.println("run " + i + " of " + BASELINE_RUNS + " done");
        }
        before.updated(Gate.median(runs)).write(file);
        out.println("wrote " + file);
        return 0;
    }

    private int measureHere() {
        try (Arena arena = Arena.ofConfined()) {
            SortedMap<String, Workload> workloads = GateWorkloads.all(arena);
            String slowed = plant.contains("=") ? plant.substring(0, plant.indexOf('=')) : "";
            workloads.replaceAll((name, workload) -> new Slowed(workload, name.equals(slowed) ? plantedPercent() : 0));
            new RatioMeter(WARM_UP_NS, SLICE_NS, ROUNDS)
                    .measure(workloads)
                    .forEach((name, measured) -> spec.commandLine().getOut().println(Fork.line(name, measured)));
        }
        return 0;
    }

    private int plantedPercent() {
        return Integer.parseInt(plant.substring(plant.indexOf('=') + 1));
    }

    private void checkPlant(List<String> names) {
        if (!plant.isEmpty()
                && !(plant.matches("[^=]+=(\\d{1,2}|100)") && names.contains(plant.replaceAll("=.*", "")))) {
            throw new ParameterException(
                    spec.commandLine(), "--plant: expected NAME=PERCENT with one of " + names + ", got " + plant);
        }
    }
}
