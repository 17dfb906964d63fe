package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * The mode {@code flows}: each flow's begin and end, its counters now and then, and what changed around them (settings,
 * health). The pipeline's thread; allocates nothing per packet.
 */
final class FlowRecorder extends FlowWatch implements ShardRecorder {
    private final Recording recording;
    private long records;

    /**
     * A recorder of a shard's flows.
     *
     * @param periodicNs between two records of a flow that lives
     */
    FlowRecorder(Recording recording, FlowTable flows, long periodicNs) {
        super(flows, periodicNs);
        this.recording = recording;
    }

    @Override
    public void arrived(PacketDescriptor event) {
        EventKind kind = event.kind();
        if (kind == EventKind.CONFIG || kind == EventKind.HEALTH) {
            recording.eventBegins();
            recording.event(event);
        }
    }

    @Override
    protected void tell(FlowPhase phase, int reason, long nowNs, long flowRef, long entry) {
        records++;
        recording.eventBegins();
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.flow(at, phase, reason, nowNs, flowRef, entry));
        }
    }

    @Override
    public void end(long endNs) {
        recording.eventBegins();
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.end(at, 0, records, endNs));
        }
    }
}
