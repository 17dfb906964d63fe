package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.RingWorkload;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * The hop through the ring in run-to-completion: claim, publish, poll, on one thread. Baseline: the same 64 descriptors written and read
 * without a ring, {@link StageBenchmark#empty}.
 *
 * <p>{@code bin/bench jmh Ring}
 */
@OperationsPerInvocation(Workload.BATCH)
public class RingBenchmark extends PacketBenchmark {
    private Workload ring;

    /** Before the trial. */
    @Setup
    public void prepare() {
        ring = new RingWorkload(arena);
    }

    /** A descriptor in and out. */
    @Benchmark
    public int hop() {
        return ring.batch();
    }
}
