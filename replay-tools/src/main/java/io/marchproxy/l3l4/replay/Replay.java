package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.engine.numa.NodeMemory;
import io.marchproxy.l3l4.engine.numa.PlacementPlan;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * One session's pipeline, run again over the recorded events: the service's own stages and flow table, built as they were
 * then, in the recorded time. What comes of an event is encoded as the service encoded it. One thread.
 */
public final class Replay implements Journal, AutoCloseable {
    /** Takes up room where it is touched alone, whatever the size that the service's table had. */
    private final NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE);

    private final OffHeapFlowTable flows;
    private final Pipeline pipeline;
    private final PacketDescriptor event;
    private final Outcomes outcomes = new Outcomes();
    private Journal witness = Journal.NONE;

    /**
     * A pipeline that begins where the service began, but with other settings where those are given.
     *
     * @throws JournalException when this machine can't hold its flow table
     */
    Replay(SessionInfo session, PipelineSettings settings) throws JournalException {
        event = new DescriptorSlab(memory.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        try {
            flows = new OffHeapFlowTable(session.maxFlows(), session.seed(), memory);
            pipeline = new Pipeline(settings, flows, new NoOutput(), this);
        } catch (OutOfMemoryError | IllegalArgumentException e) {
            memory.close();
            throw new JournalException(
                    "a flow table of " + session.maxFlows() + " flows can't be made here: " + e.getMessage());
        }
    }

    /** Has another hear of every decision, as it is made; the descriptors tell more than the outcomes. */
    public void witness(Journal value) {
        witness = value;
    }

    /** The flow table, to be filled by a checkpoint. */
    public OffHeapFlowTable flows() {
        return flows;
    }

    /** The pipeline, to be restored by a checkpoint. */
    Pipeline pipeline() {
        return pipeline;
    }

    /**
     * Handles an event.
     *
     * @param record the address of its EVENT record
     * @param settings that it brings, for a CONFIG event
     */
    void handle(long record, @Nullable PipelineSettings settings) {
        handle(record, settings, null);
    }

    /**
     * Handles an event that carries something along, through queues too.
     *
     * @param attachment that the witness finds as the packet's payload
     */
    void handle(long record, @Nullable PipelineSettings settings, @Nullable Object attachment) {
        Records.event(record, event);
        event.endpoint(settings);
        event.payload(attachment);
        handle();
    }

    /** Handles the event that {@link #event} was filled with. */
    void handle() {
        outcomes.clear();
        pipeline.handle(event);
    }

    /** The descriptor of the event at hand. */
    PacketDescriptor event() {
        return event;
    }

    /** The address of a flow's entry; 0 when the flow is gone. */
    public long flow(long flowRef) {
        return flows.entry(flowRef);
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
        witness.handled(packet, verdict);
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        outcomes.added(RecordEncoder.flowEnd(outcomes.room(), flowRef, reason, nowNs));
        witness.flowEnded(flowRef, reason, nowNs);
    }

    @Override
    public void close() {
        memory.close();
    }
}
