package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.CountingRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * Books and histograms, which another thread may read at any time. Baselines: {@link #plainArray}, which none may, for {@link #books};
 * HdrHistogram's own two for {@link StageBenchmark#trace}.
 *
 * <p>{@code bin/bench jmh Counting}
 */
@OperationsPerInvocation(Workload.BATCH)
public class CountingBenchmark extends PacketBenchmark {
    private CountingRig counting;

    /** Before the trial. */
    @Setup
    public void prepare() {
        counting = new CountingRig();
    }

    /** In and out of the books. */
    @Benchmark
    public int books() {
        return counting.books();
    }

    /** The same without visibility. */
    @Benchmark
    public int plainArray() {
        return counting.plainArray();
    }

    /** HdrHistogram, unshared. */
    @Benchmark
    public int histogram() {
        return counting.histogram();
    }

    /** HdrHistogram, for one writer and a reader. */
    @Benchmark
    public int recorder() {
        return counting.recorder();
    }
}
