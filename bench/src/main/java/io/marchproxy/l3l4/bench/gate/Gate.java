package io.marchproxy.l3l4.bench.gate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Measures, compares, and measures again what looks slower, before it says so. */
final class Gate {
    /** Runs of a suspect, the first included. */
    static final int RUNS_AT_MOST = 3;

    /** A run in which half of the workloads are faster by more than this is measured again. */
    static final int SLOW_KERNEL_PERCENT = 15;

    /**
     * The tolerance on another processor than the baseline's. Ratios shift there, by a third either way between two that were
     * compared, so that only what takes twice as long is a finding.
     */
    static final int OTHER_CPU_TOLERANCE_PERCENT = 100;

    /** Where figures come from. */
    @FunctionalInterface
    interface Measuring {
        /** Measures all workloads. */
        SortedMap<String, Measured> measure() throws IOException, InterruptedException;
    }

    private final Measuring measuring;
    private final Baseline baseline;
    private final boolean sameCpu;

    Gate(Measuring measuring, Baseline baseline, String cpu) {
        this.measuring = measuring;
        this.baseline = baseline;
        this.sameCpu = baseline.cpu().equals(cpu);
    }

    /** A finding for each workload, by name. */
    List<Finding> judge() throws IOException, InterruptedException {
        SortedMap<String, Finding> findings = run();
        for (int run = 1; run < RUNS_AT_MOST && findings.values().stream().anyMatch(Finding::isSlower); run++) {
            SortedMap<String, Finding> again = run();
            findings.replaceAll((name, before) -> {
                Finding now = again.get(name);
                return before.isSlower() && now != null ? before.with(now.measured()) : before;
            });
        }
        return new ArrayList<>(findings.values());
    }

    /**
     * A run whose kernel can be believed. When all workloads are much faster at once, the kernel was slow: compiled badly, and every
     * regression would pass. If it happens again and again, the workloads really are faster.
     */
    private SortedMap<String, Finding> run() throws IOException, InterruptedException {
        SortedMap<String, Finding> findings = new TreeMap<>();
        for (int attempt = 0; attempt < RUNS_AT_MOST; attempt++) {
            findings.clear();
            measuring.measure().forEach((name, now) -> findings.put(name, finding(name, now)));
            if (!sameCpu || medianChangePercent(findings.values()) > -SLOW_KERNEL_PERCENT) {
                break;
            }
        }
        return findings;
    }

    private static double medianChangePercent(Collection<Finding> findings) {
        return RatioMeter.median(
                findings.stream().mapToDouble(Finding::changePercent).toArray());
    }

    private Finding finding(String name, Measured measured) {
        Baseline.Entry entry = baseline.entries().get(name);
        if (entry == null) {
            return new Finding(name, measured, 0, 0, 1);
        }
        int tolerance = sameCpu ? entry.tolerancePercent() : OTHER_CPU_TOLERANCE_PERCENT;
        return new Finding(name, measured, entry.ratio(), tolerance, 1);
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
