package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.StageRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * Each stage alone over 64 flows in the nearest cache: the cost of its code, without that of memory. Baseline: {@link #empty}.
 * Aim: together less than a packet's 40 ns, 0 B/op.
 *
 * <p>{@code bin/bench jmh StageBenchmark}
 */
@OperationsPerInvocation(Workload.BATCH)
public class StageBenchmark extends PacketBenchmark {
    private Workload classifyKnown;
    private Workload shapePassThrough;
    private Workload mark;
    private Workload routeKnown;
    private Workload routeNew;
    private Workload trace;
    private Workload empty;

    /** Before the trial. */
    @Setup
    public void prepare() {
        classifyKnown = StageRig.classifyKnown(arena);
        shapePassThrough = StageRig.shapePassThrough(arena);
        mark = StageRig.mark(arena);
        routeKnown = StageRig.routeKnown(arena);
        routeNew = StageRig.routeNew(arena);
        trace = StageRig.trace(arena);
        empty = StageRig.empty(arena);
    }

    /** A datagram of a known flow: look-up and counters. */
    @Benchmark
    public int classifyKnown() {
        return classifyKnown.batch();
    }

    /** No rate set: leaves at once. */
    @Benchmark
    public int shapePassThrough() {
        return shapePassThrough.batch();
    }

    /** The class's code point. */
    @Benchmark
    public int mark() {
        return mark.batch();
    }

    /** The flow keeps its backend. */
    @Benchmark
    public int routeKnown() {
        return routeKnown.batch();
    }

    /** A backend is chosen. */
    @Benchmark
    public int routeNew() {
        return routeNew.batch();
    }

    /** Residence time into the histogram; {@link CountingBenchmark} has HdrHistogram's own for comparison. */
    @Benchmark
    public int trace() {
        return trace.batch();
    }

    /** The loop around them, without a stage: the baseline. */
    @Benchmark
    public int empty() {
        return empty.batch();
    }
}
