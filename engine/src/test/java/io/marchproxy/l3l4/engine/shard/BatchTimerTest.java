package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchTimerTest implements PipelineOutput {
    private static final int EVENTS = 8;
    private static final long MILLISECOND = 1_000_000;

    private final Arena arena = Arena.ofConfined();
    private final Pipeline pipeline = new Pipeline(settings(), new OffHeapFlowTable(100, 1, arena), this, Journal.NONE);
    private final ShardLatency latency = new ShardLatency(pipeline);
    private final BatchTimer timer = new BatchTimer(latency);
    private final PacketDescriptor[] events = new PacketDescriptor[EVENTS];
    private long forwarded;

    BatchTimerTest() {
        DescriptorSlab slab = new DescriptorSlab(arena.allocate(EVENTS * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        for (int i = 0; i < EVENTS; i++) {
            events[i] = slab.view(i);
        }
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void shouldTimeABatchAndOneOfItsPacketsStageByStage() {
        long arrivalNs = System.nanoTime();
        datagrams(arrivalNs);
        timer.batch(System.nanoTime());
        int timed = timer.choose(events, 0, EVENTS);
        assertTrue(timed >= 0 && timed < EVENTS, () -> "timed " + timed);
        pipeline.handle(events[timed], timer);
        timer.handled();
        timer.decided();
        timer.sent();
        long wholeNs = System.nanoTime() - arrivalNs;

        assertEquals(1, forwarded);
        for (LatencyPoint point : LatencyPoint.values()) {
            boolean isOther = point == LatencyPoint.HOLD || point == LatencyPoint.CONNECT;
            assertEquals(isOther ? 0 : 1, count(point), point::label);
            assertTrue(latency.at(point).total().getMinValue() <= wholeNs, point::label);
        }
        assertTrue(latency.at(LatencyPoint.TOTAL).total().getMaxValue()
                >= latency.at(LatencyPoint.STAGES).total().getMinValue());
    }

    @Test
    void shouldStopAtTheStageThatDrops() {
        datagrams(System.nanoTime());
        events[0].service(9);
        timer.begins();
        pipeline.handle(events[0], timer);
        timer.handled();

        assertEquals(0, forwarded);
        assertEquals(1, count(LatencyPoint.CLASSIFY));
        assertEquals(0, count(LatencyPoint.SHAPE));
        assertEquals(0, count(LatencyPoint.TRACE));
    }

    @Test
    void shouldTimeOneBatchAMillisecond() {
        long nowNs = System.nanoTime();
        datagrams(nowNs);
        int timed = 0;
        for (long sinceNs = 0; sinceNs < 10 * MILLISECOND; sinceNs += 1_000) {
            timer.batch(nowNs + sinceNs);
            timed += timer.choose(events, 0, EVENTS) == BatchTimer.NONE ? 0 : 1;
        }

        assertEquals(10, timed);
    }

    @Test
    void shouldChooseAmongAllPacketsOfABatchAndOnlyThem() {
        long nowNs = System.nanoTime();
        datagrams(nowNs);
        events[3].reset(EventKind.TICK, nowNs);
        int[] chosen = new int[EVENTS];
        for (int i = 0; i < 8_000; i++) {
            timer.batch(nowNs + i * MILLISECOND);
            chosen[timer.choose(events, 0, EVENTS)]++;
        }

        assertEquals(0, chosen[3]);
        for (int i = 1; i < EVENTS; i++) {
            int times = chosen[i];
            assertTrue(i == 3 || (times > 800 && times < 1_200), () -> "chosen " + times + " times of 8,000");
        }
    }

    @Test
    void shouldPassOverABatchWithoutPackets() {
        for (PacketDescriptor event : events) {
            event.reset(EventKind.TICK, System.nanoTime());
        }
        timer.batch(System.nanoTime());
        assertEquals(BatchTimer.NONE, timer.choose(events, 0, EVENTS));
        timer.decided();
        timer.sent();

        assertEquals(0, count(LatencyPoint.STAGES));
        assertEquals(0, count(LatencyPoint.TOTAL));
    }

    private long count(LatencyPoint point) {
        return latency.at(point).total().getTotalCount();
    }

    private void datagrams(long nowNs) {
        for (int i = 0; i < EVENTS; i++) {
            events[i].reset(EventKind.DATA, nowNs);
            events[i].protocol(17);
            events[i].ipVersion(4);
            events[i].sourceLow(1);
            events[i].sourcePort(1024 + i);
            events[i].destinationLow(2);
            events[i].destinationPort(53);
            events[i].lengthBytes(64);
        }
    }

    private static PipelineSettings settings() {
        return new PipelineSettings(
                1,
                "cafe",
                new ClassifySettings(
                        List.of(new ServiceProfile(0, "dns", 17, true, 2, 1_000_000_000L, 100, false, 0)), List.of()),
                new ShapeSettings(1000, 1000, 1000, 1000),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of(new BackendPool(List.of(7), 1, 1_000_000_000L))));
    }

    @Override
    public void forward(PacketDescriptor packet) {
        forwarded++;
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        assertEquals(DropReason.NO_SERVICE, reason);
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        throw new AssertionError("no flow ends");
    }
}
