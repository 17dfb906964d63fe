package io.marchproxy.l3l4.bench.gate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Measures, compares, and measures again what looks slower, before it says so. */
final class Gate {
    /** Runs of a suspect, the first included. */
    static final int RUNS_AT_MOST = 3;

    /** On another processor than the baseline's, ratios shift: there the tolerance is this many times as wide. */
    static final int OTHER_CPU_FACTOR = 2;

    /** Where figures come from. */
    @FunctionalInterface
    interface Measuring {
        /** Measures all workloads. */
        SortedMap<String, Measured> measure() throws IOException, InterruptedException;
    }

    private final Measuring measuring;
    private final Baseline baseline;
    private final int toleranceFactor;

    Gate(Measuring measuring, Baseline baseline, String cpu) {
        this.measuring = measuring;
        this.baseline = baseline;
        this.toleranceFactor = baseline.cpu().equals(cpu) ? 1 : OTHER_CPU_FACTOR;
    }

    /** A finding for each workload, by name. */
    List<Finding> judge() throws IOException, InterruptedException {
        SortedMap<String, Finding> findings = new TreeMap<>();
        measuring.measure().forEach((name, now) -> findings.put(name, finding(name, now)));
        for (int run = 1; run < RUNS_AT_MOST && findings.values().stream().anyMatch(Finding::isSlower); run++) {
            SortedMap<String, Measured> again = measuring.measure();
            findings.replaceAll((name, before) -> {
                Measured now = again.get(name);
                return before.isSlower() && now != null ? before.with(now) : before;
            });
        }
        return new ArrayList<>(findings.values());
    }

    private Finding finding(String name, Measured measured) {
        Baseline.Entry entry = baseline.entries().get(name);
        return entry == null
                ? new Finding(name, measured, 0, 0, 1)
                : new Finding(name, measured, entry.ratio(), entry.tolerancePercent() * toleranceFactor, 1);
    }

    /** The median of several runs for each workload: what a baseline is made of. */
    static SortedMap<String, Measured> median(List<SortedMap<String, Measured>> runs) {
        SortedMap<String, Measured> medians = new TreeMap<>();
        for (String name : runs.getFirst().keySet()) {
            List<Measured> all = runs.stream()
                    .map(run -> run.get(name))
                    .filter(Objects::nonNull)
                    .toList();
            medians.put(name, new Measured(median(all, Measured::ratio), median(all, Measured::nsPerOperation)));
        }
        return medians;
    }

    private static double median(List<Measured> all, ToDoubleFunction<Measured> figure) {
        return RatioMeter.median(all.stream().mapToDouble(figure).toArray());
    }
}
