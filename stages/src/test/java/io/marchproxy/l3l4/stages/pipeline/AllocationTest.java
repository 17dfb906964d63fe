package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.TCP;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.UDP;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.HoldingStage;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Packets of flows that are there must not make garbage, whether they pass at once or wait. */
class AllocationTest implements PipelineOutput {
    private static final int PACKETS = 1_000_000;

    /** What the whole run may allocate: far less than one object per thousand packets. */
    private static final long ALLOWED_BYTES = 10_000;

    /** Just as much as comes in a direction. */
    private static final long LINK_RATE = 4_000_000_000L;

    private final PacketDescriptor packet = TestPackets.descriptor();
    private long nowNs;
    private long forwarded;
    private long waited;

    @Test
    void shouldNotAllocateForPacketsThatPassAtOnce() {
        assertNothingAllocated(TestSettings.initial().shape());
    }

    @Test
    void shouldNotAllocateForPacketsThatWait() {
        assertNothingAllocated(new ShapeSettings(
                new RateLimit(LINK_RATE, 1_000),
                TestSettings.initial().shape().classes(),
                List.of(),
                1,
                new CodelSettings(5_000_000, 100_000_000)));
    }

    /** Clients and connections at ceilings of their own, so little below what comes that each packet waits and none is dropped. */
    @Test
    void shouldNotAllocateForPacketsThatWaitForClientsAndConnections() {
        RateLimit less = new RateLimit(LINK_RATE / 2 - 100_000, 2_000);
        RateLimit more = new RateLimit(LINK_RATE / 2, 2_000);
        ServiceLimits byClient = ServiceLimits.NONE.with(new EachLimits(less, less, more, more));
        ServiceLimits byConnection = ServiceLimits.NONE.with(new EachLimits(more, more, less, less));
        assertNothingAllocated(new ShapeSettings(
                new RateLimit(2 * LINK_RATE, 10_000),
                TestSettings.initial().shape().classes(),
                List.of(byClient, ServiceLimits.NONE, byConnection),
                1,
                new CodelSettings(5_000_000, 100_000_000)));
        assertTrue(waited > PACKETS / 2, waited + " waited");
    }

    private void assertNothingAllocated(ShapeSettings shape) {
        FlowTable flows = new TestFlowTable(10);
        HoldingStage stage = new ShapeStage(shape, flows);
        Pipeline pipeline = new Pipeline(TestSettings.initial(), flows, this, Journal.NONE, stage);
        long connection = begin(pipeline, EventKind.OPEN, WEB, TCP);
        long session = begin(pipeline, EventKind.DATA, GAME, UDP);
        run(pipeline, connection, session, PACKETS / 4);
        forwarded = 0;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        run(pipeline, connection, session, PACKETS);

        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(forwarded >= PACKETS - 100, "forwarded " + forwarded);
        assertTrue(allocated < ALLOWED_BYTES, allocated + " bytes for " + PACKETS + " packets");
    }

    private long begin(Pipeline pipeline, EventKind kind, int service, int protocol) {
        packet.reset(kind, nowNs);
        packet.service(service);
        packet.protocol(protocol);
        packet.ipVersion(4);
        pipeline.handle(packet);
        return packet.flowRef();
    }

    private void run(Pipeline pipeline, long connection, long session, int packets) {
        for (int i = 0; i < packets; i++) {
            // Four at once, two for each direction, of which one waits for as long as the link takes for the other.
            nowNs += (i & 3) == 0 ? 4_000 : 0;
            packet.reset(EventKind.DATA, nowNs);
            packet.direction(Direction.of(i & 1));
            packet.protocol((i & 2) == 0 ? TCP : UDP);
            packet.service((i & 2) == 0 ? WEB : GAME);
            packet.flowRef((i & 2) == 0 ? connection : session);
            packet.lengthBytes(1_000);
            pipeline.handedNs(nowNs + 50);
            pipeline.handle(packet);
        }
    }

    @Override
    public void forward(PacketDescriptor leaving) {
        forwarded++;
        waited += (leaving.flags() & DescriptorFlags.WAS_HELD) != 0 ? 1 : 0;
    }

    @Override
    public void drop(PacketDescriptor dropped, DropReason reason) {
        assertEquals("nothing is dropped", reason.toString());
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        assertEquals("no flow ends", reason.toString());
    }
}
