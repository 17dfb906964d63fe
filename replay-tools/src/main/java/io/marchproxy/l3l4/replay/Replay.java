package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * One session's pipeline, run again over the recorded events: the service's own stages and flow table, built as they were
 * then, in the recorded time. What comes of an event is encoded as the service encoded it. One thread.
 */
final class Replay implements Journal, PipelineOutput, AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final Pipeline pipeline;
    private final PacketDescriptor event;
    private final Outcomes outcomes = new Outcomes();

    /** A pipeline that begins where the service began, but with other settings where those are given. */
    Replay(SessionInfo session, PipelineSettings settings) {
        event = new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        pipeline = new Pipeline(settings, new OffHeapFlowTable(session.maxFlows(), session.seed(), arena), this, this);
    }

    /**
     * Handles an event.
     *
     * @param record the address of its EVENT record
     * @param settings that it brings, for a CONFIG event
     */
    void handle(long record, @Nullable PipelineSettings settings) {
        Records.event(record, event);
        event.endpoint(settings);
        outcomes.clear();
        pipeline.handle(event);
    }

    /** What came of the last event, in order. */
    Outcomes outcomes() {
        return outcomes;
    }

    @Override
    public void arrived(PacketDescriptor packet) {
        // it is the recorded one
    }

    @Override
    public void handled(PacketDescriptor packet, Verdict verdict) {
        outcomes.added(RecordEncoder.outcome(outcomes.room(), packet, verdict));
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        outcomes.added(RecordEncoder.flowEnd(outcomes.room(), flowRef, reason, nowNs));
    }

    @Override
    public void forward(PacketDescriptor packet) {
        // nothing is sent
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        // nothing is held
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        // there is no socket
    }

    @Override
    public void close() {
        arena.close();
    }
}
