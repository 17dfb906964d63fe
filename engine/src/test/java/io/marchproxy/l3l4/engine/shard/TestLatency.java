package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.lang.foreign.Arena;
import java.util.List;

/** The times of a shard without traffic, for others to add to. */
public final class TestLatency implements PipelineOutput, AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final ShardLatency latency = new ShardLatency(new Pipeline(
            new PipelineSettings(
                    1,
                    "cafe",
                    new ClassifySettings(List.of(), List.of()),
                    new ShapeSettings(1, 1, 1, 1),
                    new MarkSettings(true, 46, 34, 18, 0),
                    new RouteSettings(List.of())),
            new OffHeapFlowTable(1, 1, arena),
            this,
            Journal.NONE));

    public ShardLatency latency() {
        return latency;
    }

    @Override
    public void forward(PacketDescriptor packet) {
        throw new AssertionError("no packet comes");
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        throw new AssertionError("no packet comes");
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        throw new AssertionError("no flow is there");
    }

    @Override
    public void close() {
        arena.close();
    }
}
