package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.Workload;
import io.marchproxy.l3l4.engine.numa.NodeMemory;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the benchmarks of the packet path share: nanoseconds per packet, short iterations (so that a neighbour's burst
 * spoils one of them and not the figure), one fork, and memory outside the heap that ends with the trial. A benchmark does
 * {@link Workload#BATCH} operations per invocation, and says so.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
@State(Scope.Thread)
public abstract class PacketBenchmark {
    /** Of one trial. */
    final Arena arena = new NodeMemory(PlacementPlan.ANY_NODE);

    /** Gives the memory back. */
    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }
}
