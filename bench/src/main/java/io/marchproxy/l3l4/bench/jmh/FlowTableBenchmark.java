package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.FlowTableWorkload;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The engine's flow table. Descriptors are filled in the measured time, since look-ups read them. Baseline: 1,000 flows, which stay
 * in the second-level cache; what more flows cost on top is memory latency.
 *
 * <p>{@code bin/bench jmh FlowTable --flows 1000,100000,10000000}
 */
@OperationsPerInvocation(Workload.BATCH)
public class FlowTableBenchmark extends PacketBenchmark {
    /** Flows in the table. */
    @Param({"1000", "100000"})
    public int flows;

    private FlowTableWorkload table;

    /** Before the trial. */
    @Setup
    public void prepare() {
        table = new FlowTableWorkload(flows, arena);
    }

    /** Random flows that are there. */
    @Benchmark
    public int find() {
        return table.find();
    }

    /** The same after a look at the whole batch. */
    @Benchmark
    public int findAhead() {
        return table.findAhead();
    }

    /** Flows that are not there. */
    @Benchmark
    public int miss() {
        return table.miss();
    }

    /** In and out again. */
    @Benchmark
    public int insertAndRemove() {
        return table.insertAndRemove();
    }
}
