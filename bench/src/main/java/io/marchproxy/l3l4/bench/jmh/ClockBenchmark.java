package io.marchproxy.l3l4.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one reading of the clock costs. A packet's whole budget is 40 ns, so this number says why a shard reads the
 * time once a batch and hands it down. Baseline: none; {@code bin/bench jmh Clock} runs it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ClockBenchmark {

    /**
     * One reading of the monotonic clock.
     *
     * @return nanoseconds of an arbitrary origin
     */
    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }
}
