package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.RuleRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * What so many rules cost, of the kind that firewalls have: for a flow's first datagram, with the flow's end; for a datagram of a
 * flow that is there; and the same where each datagram is looked at. Baseline: {@link #readInOrder}, and no rules. Aim: 10,000 rules
 * cost about what 10 do.
 *
 * <p>{@code bin/bench jmh RuleBenchmark}
 */
@OperationsPerInvocation(Workload.BATCH)
public class RuleBenchmark extends PacketBenchmark {
    /** Rules in the configuration. */
    @Param({"0", "10", "100", "1000", "10000"})
    public int rules;

    private RuleRig rig;
    private Workload first;
    private Workload firstOfNested;
    private Workload known;
    private Workload eachPacket;

    /** Before the trial. */
    @Setup
    public void prepare() {
        rig = new RuleRig(arena, rules, RuleRig.Looks.AT_FLOWS);
        first = rig.firstPackets();
        firstOfNested = new RuleRig(arena, rules, RuleRig.Looks.AT_NESTED_PREFIXES).firstPackets();
        known = new RuleRig(arena, rules, RuleRig.Looks.AT_FLOWS).knownFlows();
        eachPacket = new RuleRig(arena, rules, RuleRig.Looks.AT_PACKETS).knownFlows();
    }

    /** A flow begins and ends. */
    @Benchmark
    public int firstPacket() {
        return first.batch();
    }

    /** The same where prefixes lie one in another. */
    @Benchmark
    public int firstPacketOfNestedPrefixes() {
        return firstOfNested.batch();
    }

    /** The flow's entry has the answer. */
    @Benchmark
    public int knownFlow() {
        return known.batch();
    }

    /** All rules ask for the length of each datagram. */
    @Benchmark
    public int eachPacket() {
        return eachPacket.batch();
    }

    /** Rule after rule: the baseline. */
    @Benchmark
    public int readInOrder() {
        return rig.readInOrder();
    }

    /** A reload, in microseconds: once per change, on no shard's thread. */
    @Benchmark
    @OperationsPerInvocation(1)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public long build() {
        return rig.build();
    }
}
