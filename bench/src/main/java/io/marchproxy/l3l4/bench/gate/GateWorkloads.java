package io.marchproxy.l3l4.bench.gate;

import io.marchproxy.l3l4.bench.workload.FlowTableWorkload;
import io.marchproxy.l3l4.bench.workload.HeaderRig;
import io.marchproxy.l3l4.bench.workload.PipelineWorkload;
import io.marchproxy.l3l4.bench.workload.RingWorkload;
import io.marchproxy.l3l4.bench.workload.StageRig;
import io.marchproxy.l3l4.bench.workload.TokenBucketRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import java.lang.foreign.Arena;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the gate watches. All of it fits into the second-level cache: further out the neighbours of a shared machine
 * decide, and a regression of the code would drown.
 */
final class GateWorkloads {
    private static final int FLOWS = 1_000;
    private static final int RULES = 10;

    private GateWorkloads() {}

    /** All by name, in the order in which they are measured and shown. */
    static SortedMap<String, Workload> all(Arena arena) {
        SortedMap<String, Workload> all = new TreeMap<>();
        HeaderRig headers = new HeaderRig(arena);
        all.put("pipeline-udp", new PipelineWorkload(IpPacket.UDP, FLOWS, arena));
        all.put("pipeline-tcp", new PipelineWorkload(IpPacket.TCP, FLOWS, arena));
        all.put("flow-table-find", new FlowTableWorkload(FLOWS, arena)::find);
        all.put("ring-hop", new RingWorkload(arena));
        all.put("checksum-full", headers::checksumLarge);
        all.put("checksum-incremental", headers::rewriteIncrementally);
        all.put("stage-classify", StageRig.classifyKnown(arena));
        all.put("stage-classify-new", StageRig.classifyNew(arena, RULES));
        all.put("stage-shape", StageRig.shapePassThrough(arena));
        all.put("stage-shape-limited", StageRig.shapeLimited(arena));
        all.put("stage-mark", StageRig.mark(arena));
        all.put("stage-route", StageRig.routeKnown(arena));
        all.put("stage-trace", StageRig.trace(arena));
        TokenBucketRig buckets = new TokenBucketRig();
        all.put("token-bucket", buckets::take);
        return all;
    }
}
