package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.TCP;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.UDP;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import io.marchproxy.l3l4.stages.shape.ShapeStages;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Packets of flows that are there must not make garbage, whether they pass at once or wait. */
class AllocationTest implements PipelineOutput {
    private static final int PACKETS = 1_000_000;

    /** What the whole run may allocate: far less than one object per thousand packets. */
    private static final long ALLOWED_BYTES = 10_000;

    private final PacketDescriptor packet = TestPackets.descriptor();
    private long nowNs;
    private long forwarded;

    @Test
    void shouldNotAllocateForPacketsThatPassAtOnce() {
        assertNothingAllocated(new ShapeStage(TestSettings.initial().shape()));
    }

    @Test
    void shouldNotAllocateForPacketsThatWait() {
        assertNothingAllocated(ShapeStages.delaying(TestSettings.initial().shape(), waiting -> 10_000));
    }

    private void assertNothingAllocated(ShapeStage shape) {
        Pipeline pipeline = new Pipeline(TestSettings.initial(), new TestFlowTable(10), this, Journal.NONE, shape);
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
            nowNs += 1_000;
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
