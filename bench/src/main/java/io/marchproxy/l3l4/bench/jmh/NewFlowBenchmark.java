package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.StageRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What a flow's first datagram costs in the classify stage, with the flow's end, when its rule is the last of so many. Baseline:
 * no rules at all. {@link RuleBenchmark} has rules of all kinds.
 *
 * <p>{@code bin/bench jmh NewFlow}
 */
@OperationsPerInvocation(Workload.BATCH)
public class NewFlowBenchmark extends PacketBenchmark {
    /** Rules in the configuration; only the last one matches. */
    @Param({"0", "10", "10000"})
    public int rules;

    private Workload workload;

    /** Before the trial. */
    @Setup
    public void prepare() {
        workload = StageRig.classifyNew(arena, rules);
    }

    /** A flow begins and ends. */
    @Benchmark
    public int beginAndEnd() {
        return workload.batch();
    }
}
