package io.marchproxy.l3l4.engine.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The pipeline over the real flow table: neither known flows nor sessions that come and go make garbage. */
class PipelineAllocationTest implements PipelineOutput {
    private static final int PACKETS = 1_000_000;
    private static final long ALLOWED_BYTES = 10_000;
    private static final int UDP = 17;

    private final Arena arena = Arena.ofAuto();
    private final PacketDescriptor packet =
            new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private long nowNs;
    private long forwarded;
    private long ended;

    @Test
    void shouldNotAllocateForPacketsOfKnownFlows() {
        assertNothingAllocated(1_000);
        assertEquals(0, ended);
    }

    @Test
    void shouldNotAllocateForSessionsThatComeAndGo() {
        assertNothingAllocated(Integer.MAX_VALUE);
        assertTrue(ended > PACKETS / 2, "ended " + ended);
    }

    private void assertNothingAllocated(int clients) {
        Pipeline pipeline = new Pipeline(settings(), new OffHeapFlowTable(100_000, 1, arena), this, Journal.NONE);
        run(pipeline, clients, PACKETS / 4);
        forwarded = 0;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        run(pipeline, clients, PACKETS);

        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(PACKETS, forwarded);
        assertTrue(allocated < ALLOWED_BYTES, allocated + " bytes for " + PACKETS + " packets");
    }

    private void run(Pipeline pipeline, int clients, int packets) {
        for (int i = 0; i < packets; i++) {
            nowNs += 10_000;
            packet.reset(EventKind.DATA, nowNs);
            packet.protocol(UDP);
            packet.ipVersion(4);
            packet.sourceLow(nowNs / 10_000 % clients);
            packet.sourcePort(5000);
            packet.destinationLow(0x7f000001L);
            packet.destinationPort(53);
            packet.lengthBytes(100);
            pipeline.handle(packet);
        }
    }

    /** A session ends after half a second, so that at most 50,000 are there. */
    private static PipelineSettings settings() {
        ServiceProfile service = new ServiceProfile(0, "dns", UDP, true, 0, 500_000_000L, 100_000, false, 0);
        return new PipelineSettings(
                1,
                "",
                new ClassifySettings(List.of(service), List.of()),
                new ShapeSettings(100, 100, 100, 100),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of(new BackendPool(List.of(0, 1), 1, 1))));
    }

    @Override
    public void forward(PacketDescriptor leaving) {
        forwarded++;
    }

    @Override
    public void drop(PacketDescriptor dropped, DropReason reason) {
        throw new AssertionError(reason.toString());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        ended++;
    }
}
