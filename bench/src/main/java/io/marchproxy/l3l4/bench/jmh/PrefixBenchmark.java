package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.gate.Calibration;
import io.marchproxy.l3l4.bench.workload.PrefixRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Longest-prefix match over a million prefixes and destinations that no cache knows. Baselines: {@link #destinations}, reading them
 * alone; {@link #findDirectly}, DIR-24-8, which takes one access for a /24 and 64 MiB; and {@link #calibration}, the gate's unit. Aim: less than 60 ns, 0 B/op.
 *
 * <p>{@code bin/bench jmh PrefixBenchmark}
 */
@OperationsPerInvocation(Workload.BATCH)
public class PrefixBenchmark extends PacketBenchmark {
    private static final int THOUSAND = 1_000;

    /** Thousands of prefixes of IPv4 and of IPv6. */
    @Param({"1/0", "1000/0", "900/100", "1000/1000", "0/1000"})
    public String thousands;

    private PrefixRig rig;
    private final Workload calibration = new Calibration();

    /** Before the trial. */
    @Setup
    public void prepare() {
        String[] both = thousands.split("/", -1);
        rig = new PrefixRig(Integer.parseInt(both[0]) * THOUSAND, Integer.parseInt(both[1]) * THOUSAND);
        System.err.printf("# %s thousand prefixes take %,d bytes outside of the heap%n", thousands, rig.bytes());
    }

    /** Destinations of packets that came together. */
    @Benchmark
    public int find() {
        return rig.find();
    }

    /** Destinations one after the other: a look-up from begin to end. */
    @Benchmark
    public int findInTurn() {
        return rig.findInTurn();
    }

    /** IPv4 by DIR-24-8, for tables of IPv4 alone. */
    @Benchmark
    public int findDirectly() {
        return thousands.endsWith("/0") ? rig.findDirectly() : Workload.BATCH;
    }

    /** Reading the destinations. */
    @Benchmark
    public int destinations() {
        return rig.destinations();
    }

    /** Nothing of ours. */
    @Benchmark
    public int calibration() {
        return calibration.batch();
    }

    /** A reload, in microseconds. */
    @Benchmark
    @OperationsPerInvocation(1)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public long build() {
        return rig.build();
    }
}
