package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.PipelineWorkload;
import io.marchproxy.l3l4.bench.workload.Workload;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The five stages with the engine's flow table, one packet from ingress' hand to egress'. Aims: 1,000 flows 40 ns (25 Mpps), ten
 * million flows 167 ns (6 Mpps), 0 B/op. Baseline: {@link #fillOnly}, the part that is the driver's own.
 *
 * <p>{@code bin/bench jmh Pipeline}; ten million flows take 1.6 GB and have to be asked for: {@code bin/bench jmh Pipeline --flows 10000000}.
 */
@OperationsPerInvocation(Workload.BATCH)
public class PipelineBenchmark extends PacketBenchmark {
    /** Known flows, chosen at random. */
    @Param({"1000", "100000"})
    public int flows;

    /** A UDP datagram is looked up by its addresses, a TCP chunk brings its flow's reference. */
    @Param({"udp", "tcp"})
    public String protocol;

    private PipelineWorkload pipeline;

    /** Before the trial. */
    @Setup
    public void prepare() {
        pipeline = new PipelineWorkload(protocol.equals("tcp") ? IpPacket.TCP : IpPacket.UDP, flows, arena);
    }

    /** A packet through all stages. */
    @Benchmark
    public int handle() {
        return pipeline.batch();
    }

    /** The descriptor alone is written: subtract it. */
    @Benchmark
    public int fillOnly() {
        return pipeline.fillOnly();
    }
}
