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
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One session's pipeline, run again over the recorded events: the service's own stages and flow table, built as they were
 * then, in the recorded time. What comes of an event is encoded as the service encoded it. One thread.
 */
public final class Replay implements Journal, AutoCloseable {
    /** As many as the flow table looks up at once. */
    private static final int AHEAD = 64;

    /** Takes up room where it is touched alone, whatever the size that the service's table had. */
    private final NodeMemory memory = new NodeMemory(PlacementPlan.ANY_NODE);

    private final OffHeapFlowTable flows;
    private final Pipeline pipeline;
    /** Events that come next, so that the memory of their flows is on its way when they are handled. */
    private final PacketDescriptor[] ahead = new PacketDescriptor[AHEAD];

    /** Where each of them is recorded. */
    private final long[] records = new long[AHEAD];

    private int known;
    private int next;
    private PacketDescriptor event;
    private final Outcomes outcomes = new Outcomes();
    private Journal witness = Journal.NONE;

    /**
     * A pipeline that begins where the service began, but with other settings where those are given.
     *
     * @throws JournalException when this machine can't hold its flow table
     */
    Replay(SessionInfo session, PipelineSettings settings) throws JournalException {
        DescriptorSlab slab =
                new DescriptorSlab(memory.allocate((long) AHEAD * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        Arrays.setAll(ahead, slab::view);
        event = ahead[0];
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

    /** Other records stand from now on where some were seen ahead. */
    void turnPage() {
        known = 0;
        next = 0;
    }

    /**
     * Handles an event.
     *
     * @param record the address of its EVENT record
     * @param until that of the end of records that stand behind it, up to the next {@link #turnPage}
     * @param settings that it brings, for a CONFIG event
     * @param attachment that the witness finds as the packet's payload, through queues too
     */
    void handle(long record, long until, @Nullable PipelineSettings settings, @Nullable Object attachment) {
        if (next == known || records[next] != record) {
            lookAhead(record, until);
        }
        event = ahead[next++];
        event.endpoint(settings);
        event.payload(attachment);
        handle();
    }

    private void lookAhead(long from, long until) {
        turnPage();
        for (long at = from; at < until && known < AHEAD; at += Records.length(at)) {
            if (Records.isEvent(at)) {
                Records.event(at, ahead[known]);
                records[known++] = at;
            }
        }
        pipeline.expect(ahead, 0, known);
    }

    /** Handles the event that {@link #event} was filled with; of records none is handled. */
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
