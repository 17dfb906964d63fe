package io.marchproxy.l3l4.bench.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each workload does what its name says, and makes no garbage by it. */
class WorkloadsTest {
    private static final int BATCHES = 5_000;

    /** A thousandth of a byte per operation: what a harness may cost, and a stage that allocates now and then may not. */
    private static final long ALLOWED_BYTES = (long) BATCHES * Workload.BATCH / 1_000;

    private static final Arena ARENA = Arena.ofAuto();

    @ParameterizedTest(name = "{0}")
    @MethodSource("workloads")
    void shouldComeOutRightAndAllocateNothing(String name, Workload workload) {
        run(workload);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        long right = run(workload);

        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals((long) BATCHES * Workload.BATCH, right);
        assertTrue(allocated <= ALLOWED_BYTES, allocated + " bytes for " + right + " operations");
    }

    private static long run(Workload workload) {
        long right = 0;
        for (int i = 0; i < BATCHES; i++) {
            right += workload.batch();
        }
        return right;
    }

    static Stream<Object[]> workloads() {
        FlowTableWorkload table = new FlowTableWorkload(1_000, ARENA);
        HeaderRig headers = new HeaderRig(ARENA);
        CountingRig counting = new CountingRig();
        PipelineWorkload udp = new PipelineWorkload(IpPacket.UDP, 1_000, ARENA);
        Map<String, Workload> all = new LinkedHashMap<>();
        all.put("pipeline, UDP", udp);
        all.put("descriptors alone", udp::fillOnly);
        all.put("pipeline, TCP", new PipelineWorkload(IpPacket.TCP, 1_000, ARENA));
        all.put("classify, known flow", StageRig.classifyKnown(ARENA));
        all.put("classify, new flow, no rule", StageRig.classifyNew(ARENA, 0));
        all.put("classify, new flow, 10 rules", StageRig.classifyNew(ARENA, 10));
        for (RuleRig.Looks looks : RuleRig.Looks.values()) {
            all.put("rules, new flow, " + looks, new RuleRig(ARENA, 1_000, looks).firstPackets());
            all.put("rules, known flow, " + looks, new RuleRig(ARENA, 1_000, looks).knownFlows());
        }
        all.put("shape", StageRig.shapePassThrough(ARENA));
        all.put("shape, three limits", StageRig.shapeLimited(ARENA));
        all.put("shape, packets wait for the link", HeldRig.link(ARENA, 100));
        all.put("shape, connections wait for their client's ceiling", HeldRig.client(ARENA, 100));
        TokenBucketRig buckets = new TokenBucketRig();
        all.put("token bucket", buckets::take);
        all.put("token bucket without a limit", buckets::takeUnlimited);
        all.put("token bucket, waits", new TokenBucketRig()::waitFor);
        all.put("single rate meter", new TokenBucketRig()::singleRate);
        all.put("two rate meter", new TokenBucketRig()::twoRate);
        all.put("mark", StageRig.mark(ARENA));
        all.put("route, known flow", StageRig.routeKnown(ARENA));
        all.put("route, new flow", StageRig.routeNew(ARENA));
        for (RouteAlgorithm algorithm : RouteAlgorithm.values()) {
            all.put("route, new flow, " + algorithm, StageRig.routeNew(ARENA, algorithm, false));
            all.put("route, new flow, sticky, " + algorithm, StageRig.routeNew(ARENA, algorithm, true));
        }
        PrefixRig prefixes = new PrefixRig(20_000, 20_000);
        all.put("prefixes", prefixes::find);
        all.put("prefixes in turn", prefixes::findInTurn);
        all.put("prefixes, DIR-24-8", new PrefixRig(20_000, 0)::findDirectly);
        all.put("destinations", prefixes::destinations);
        all.put("trace", StageRig.trace(ARENA));
        all.put("no stage", StageRig.empty(ARENA));
        all.put("table, find", table::find);
        all.put("table, find after a look ahead", table::findAhead);
        all.put("table, miss", table::miss);
        all.put("table, insert and remove", table::insertAndRemove);
        all.put("ring", new RingWorkload(ARENA));
        all.put("parse UDP over IPv4", headers::parseUdp4);
        all.put("parse TCP over IPv6", headers::parseTcp6);
        all.put("checksum, header", headers::checksumHeader);
        all.put("checksum, 1,500 bytes", headers::checksumLarge);
        all.put("checksum, 1,500 bytes by words", headers::checksumLargeByWords);
        all.put("rewrite, incremental", headers::rewriteIncrementally);
        all.put("rewrite, full", headers::rewriteFully);
        all.put("header after all rewrites", headers::checksumHeader);
        all.put("books", counting::books);
        all.put("histogram", counting::histogram);
        return all.entrySet().stream().map(entry -> new Object[] {entry.getKey(), entry.getValue()});
    }
}
