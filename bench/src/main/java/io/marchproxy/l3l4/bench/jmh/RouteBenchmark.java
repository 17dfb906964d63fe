package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.StageRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The route stage's choice for a new flow among a hundred backends, by each algorithm, and with a client kept to its backend. Aim: at
 * most 120 ns, 0 B/op. Baseline: {@code StageBenchmark.routeNew}, four backends in turn.
 *
 * <p>{@code bin/bench jmh RouteBenchmark}
 */
@OperationsPerInvocation(Workload.BATCH)
public class RouteBenchmark extends PacketBenchmark {
    /** How the backend is chosen. */
    @Param
    public RouteAlgorithm algorithm;

    /** Whether clients stay with their backends. */
    @Param({"false", "true"})
    public boolean sticky;

    private Workload workload;

    /** Before the trial. */
    @Setup
    public void prepare() {
        workload = StageRig.routeNew(arena, algorithm, sticky);
    }

    /** A backend is chosen. */
    @Benchmark
    public int routeNew() {
        return workload.batch();
    }
}
