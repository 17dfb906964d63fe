package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.workload.Workload;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Measures workloads as ratios to the calibration kernel.
 *
 * <p>Not JMH: that measures one benchmark for seconds and then the next, so that on a shared machine two benchmarks, or a
 * benchmark and its calibration, see different weather. Here each slice of a few hundred microseconds stands between two of the
 * kernel's, all workloads take turns in many rounds, and medians forget the rounds that a neighbour spoiled. Slices are
 * measured in CPU time of the thread, which does not run while another process has the core. For figures to publish, with their error,
 * use JMH.
 */
final class RatioMeter {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();
    private static final long TURN_NS = 25_000_000L;
    private static final long SETTLE_AT_MOST_NS = 8_000_000_000L;

    /** Less compilation than this in a turn of all is the harness's own. */
    private static final long SETTLED_MS = 3;

    /** More than one, since a compilation counts only once it is done, and the compiler may wait for a core. */
    private static final int CALM_TURNS = 3;

    /** Called the way the workloads are: compiled into the measuring loop, it is slow by half in one start of eight. */
    private final Workload calibration = new Slowed(new Calibration(), 0);

    private final long warmUpNs;
    private final long sliceNs;
    private final int rounds;

    /**
     * A meter.
     *
     * @param warmUpNs CPU time that each workload runs for before it is measured, so that the JIT is through with it
     * @param sliceNs CPU time of a slice
     * @param rounds slices of each workload
     */
    RatioMeter(long warmUpNs, long sliceNs, int rounds) {
        this.warmUpNs = warmUpNs;
        this.sliceNs = sliceNs;
        this.rounds = rounds;
    }

    /**
     * Measures all, always together: alone, a workload would be compiled otherwise and have the caches to itself, and a second
     * opinion would be about another case.
     *
     * @throws IllegalStateException if a workload did something else than it should
     */
    SortedMap<String, Measured> measure(SortedMap<String, Workload> workloads) {
        List<Workload> all = new ArrayList<>(workloads.values());
        all.add(calibration);
        int[] batches = warmUp(all);
        int kernelBatches = batches[workloads.size()];
        double[][] ratios = new double[workloads.size()][rounds];
        double[][] times = new double[workloads.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            double kernelBefore = slice(calibration, kernelBatches);
            for (int n = 0; n < ratios.length; n++) {
                times[n][round] = slice(all.get(n), batches[n]);
                double kernelAfter = slice(calibration, kernelBatches);
                ratios[n][round] = 2 * times[n][round] / (kernelBefore + kernelAfter);
                kernelBefore = kernelAfter;
            }
        }
        SortedMap<String, Measured> measured = new TreeMap<>();
        int n = 0;
        for (String name : workloads.keySet()) {
            measured.put(name, new Measured(median(ratios[n]), median(times[n]) / Workload.BATCH));
            n++;
        }
        return measured;
    }

    /**
     * Runs all in turns, for as long as they are to have and then until the JIT leaves them alone: one that comes later may
     * undo what was compiled for an earlier one, and on a busy machine the compiler itself waits for a core. Turns are short from the
     * start, so that none of them is what the JIT sees first and tailors the common call to.
     *
     * @return how many batches of each fill a slice
     */
    private int[] warmUp(List<Workload> all) {
        int[] batches = new int[all.size()];
        Arrays.fill(batches, 1);
        long turns = Math.max(1, warmUpNs / TURN_NS);
        long deadlineNs = System.nanoTime() + warmUpNs * all.size() + SETTLE_AT_MOST_NS;
        int calm = 0;
        for (long turn = 0; turn < turns || (calm < CALM_TURNS && System.nanoTime() < deadlineNs); turn++) {
            long compiledMs = COMPILER.getTotalCompilationTime();
            for (int n = 0; n < batches.length; n++) {
                long untilNs = THREADS.getCurrentThreadCpuTime() + TURN_NS;
                while (THREADS.getCurrentThreadCpuTime() < untilNs) {
                    batches[n] = (int) Math.max(1, sliceNs / slice(all.get(n), batches[n]));
                }
            }
            calm = COMPILER.getTotalCompilationTime() - compiledMs < SETTLED_MS ? calm + 1 : 0;
        }
        return batches;
    }

    /** CPU time of one batch, in nanoseconds, as the mean of a slice. */
    private static double slice(Workload workload, int batches) {
        long startNs = THREADS.getCurrentThreadCpuTime();
        long right = 0;
        for (int i = 0; i < batches; i++) {
            right += workload.batch();
        }
        long tookNs = THREADS.getCurrentThreadCpuTime() - startNs;
        if (right != (long) batches * Workload.BATCH) {
            throw new IllegalStateException(
                    right + " of " + batches * Workload.BATCH + " operations came out as they must");
        }
        return (double) tookNs / batches;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
