package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.Workload;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it would cost if two threads' counters shared a cache line, as those of ingress and stages would without the padding that
 * {@code CacheLines} asks for. Two threads count, each in a cell of its own, so far apart. Baseline: 128 bytes, which is how far
 * the proxy keeps writers apart. Needs two free cores: on one, the threads take turns and nothing is shared.
 *
 * <p>{@code bin/bench jmh Sharing}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
@OperationsPerInvocation(Workload.BATCH)
@State(Scope.Group)
public class SharingBenchmark {
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** With room around the two cells, whatever the array's own place. */
    private static final int FIRST = 64;

    private final long[] cells = new long[4 * FIRST];

    /** From one cell to the other. */
    @Param({"8", "64", "128"})
    public int apartBytes;

    /** One thread counts. */
    @Benchmark
    @Group("counters")
    public long ingress() {
        return count(FIRST);
    }

    /** The other does. */
    @Benchmark
    @Group("counters")
    public long stages() {
        return count(FIRST + apartBytes / Long.BYTES);
    }

    /** As the books count: a plain load and an opaque store, which no compiler may put off to the loop's end. */
    private long count(int cell) {
        for (int i = 0; i < Workload.BATCH; i++) {
            CELL.setOpaque(cells, cell, cells[cell] + 1);
        }
        return cells[cell];
    }
}
