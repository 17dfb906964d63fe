package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.StageRig;
import io.marchproxy.l3l4.bench.workload.TokenBucketRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * The token bucket, the meters on top of it, and the shape stage where three limits are asked and nothing waits. Baselines:
 * {@link #takeUnlimited}, and {@link StageBenchmark#shapePassThrough} for {@link #shapeLimited}. Aim: {@link #take} 6 ns,
 * {@link #shapeLimited} 25 ns, 0 B/op.
 *
 * <p>{@code bin/bench jmh TokenBucket}
 */
@OperationsPerInvocation(Workload.BATCH)
public class TokenBucketBenchmark extends PacketBenchmark {
    private TokenBucketRig buckets;
    private Workload shapeLimited;

    /** Before the trial. */
    @Setup
    public void prepare() {
        buckets = new TokenBucketRig();
        shapeLimited = StageRig.shapeLimited(arena);
    }

    /** A packet passes and pays. */
    @Benchmark
    public int take() {
        return buckets.take();
    }

    /** Without a limit: the baseline. */
    @Benchmark
    public int takeUnlimited() {
        return buckets.takeUnlimited();
    }

    /** A packet has to wait, and is told for how long. */
    @Benchmark
    public int waitFor() {
        return buckets.waitFor();
    }

    /** RFC 2697. */
    @Benchmark
    public int singleRate() {
        return buckets.singleRate();
    }

    /** RFC 2698. */
    @Benchmark
    public int twoRate() {
        return buckets.twoRate();
    }

    /** The stage: limits of link, service and class, none of which is reached. */
    @Benchmark
    public int shapeLimited() {
        return shapeLimited.batch();
    }
}
