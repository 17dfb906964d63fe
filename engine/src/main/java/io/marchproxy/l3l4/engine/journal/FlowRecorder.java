package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/**
 * The mode {@code flows}: each flow's begin and end, its counters now and then, and what changed around them (settings,
 * health); of sessions that may go on after a restart, what they had counted before. The pipeline's thread; allocates nothing per packet.
 */
final class FlowRecorder extends FlowWatch implements ShardRecorder {
    private final Recording recording;
    private SessionInfo session;

    /** Set by the writing thread; looked at with each part of the walk. */
    private volatile boolean sessionWanted;

    private long records;

    /**
     * A recorder of a shard's flows.
     *
     * @param periodicNs between two records of a flow that lives
     * @param session how the shard was built
     */
    FlowRecorder(Recording recording, FlowTable flows, long periodicNs, SessionInfo session) {
        super(flows, periodicNs);
        this.recording = recording;
        this.session = session;
    }

    /** Asks for what the session is to be recorded again, since the file that says it may be deleted. Any thread. */
    void wantSession() {
        sessionWanted = true;
    }

    @Override
    public void arrived(PacketDescriptor event) {
        EventKind kind = event.kind();
        if (kind == EventKind.CONFIG || kind == EventKind.HEALTH || kind == EventKind.RESTORE) {
            recording.eventBegins();
            recording.event(event);
        }
        if (kind == EventKind.CONFIG && event.endpoint() instanceof PipelineSettings settings) {
            session = session.with(settings);
        }
    }

    @Override
    protected void walks() {
        if (sessionWanted && !recording.isPaused()) {
            sessionWanted = false;
            recording.text(RecordType.CHECKPOINT, session);
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
