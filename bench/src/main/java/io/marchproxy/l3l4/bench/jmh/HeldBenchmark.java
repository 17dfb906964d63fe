package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.HeldRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The shape stage where packets wait: one leaves, and another of its flow comes. Baseline: ten flows. Aim: ten thousand cost as much, but for
 * what the memory adds.
 *
 * <p>{@code bin/bench jmh HeldBenchmark}
 */
@OperationsPerInvocation(Workload.BATCH)
public class HeldBenchmark extends PacketBenchmark {
    /** Flows that have packets that wait. */
    @Param({"10", "1000", "10000"})
    public int flows;

    private Workload link;
    private Workload client;

    /** Before the trial. */
    @Setup
    public void prepare() {
        link = HeldRig.link(arena, flows);
        client = HeldRig.client(arena, flows);
    }

    /** Clients wait for the link. */
    @Benchmark
    public int atTheLink() {
        return link.batch();
    }

    /** Connections of one client wait for its ceiling. */
    @Benchmark
    public int atAClientsCeiling() {
        return client.batch();
    }
}
