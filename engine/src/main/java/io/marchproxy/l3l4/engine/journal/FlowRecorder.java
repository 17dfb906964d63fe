package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;

/**
 * The mode {@code flows}: each flow's begin and end, its counters now and then, and what changed around them (settings,
 * health). The pipeline's thread; allocates nothing per packet.
 *
 * <p>Periodic records come from a walk over the slots that are known to hold a flow, a part at a time as events come, so that
 * a million flows don't hold up one packet.
 */
final class FlowRecorder implements ShardRecorder {
    private static final int SLICES = 512;
    private static final long MOST_AT_ONCE = 2048;
    private static final int FIRST_SLOTS = 1024;

    private final Recording recording;
    private final FlowTable flows;
    private final long periodNs;
    private JsonText session;
    private SessionInfo begun;

    /** Set by the writing thread; looked at with each part of the walk. */
    private volatile boolean sessionWanted;

    /** By slot: the reference of the flow there, or {@code NO_FLOW}. */
    private long[] live = new long[0];

    private int highestSlot = -1;
    private int nextSlot;
    private long nextSliceNs = Long.MIN_VALUE;
    private long periodBeganNs;
    private long nowNs;
    private long records;

    /**
     * A recorder of a shard's flows.
     *
     * @param periodicNs between two records of a flow that lives
     * @param begun how the shard was built
     * @param session text of {@code begun}
     */
    FlowRecorder(Recording recording, FlowTable flows, long periodicNs, SessionInfo begun, JsonText session) {
        this.recording = recording;
        this.flows = flows;
        this.periodNs = periodicNs;
        this.begun = begun;
        this.session = session;
    }

    /** Asks for what the session is to be recorded again, since the file that says it may be deleted. Any thread. */
    void wantSession() {
        sessionWanted = true;
    }

    @Override
    public void arrived(PacketDescriptor event) {
        EventKind kind = event.kind();
        if (kind == EventKind.CONFIG || kind == EventKind.HEALTH) {
            recording.eventBegins();
            recording.event(event);
        }
        if (kind == EventKind.CONFIG && event.endpoint() instanceof PipelineSettings settings) {
            begun = begun.with(settings);
            session = new JsonText(begun);
        }
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        nowNs = Math.max(nowNs, event.arrivalNs());
        if (nowNs >= nextSliceNs) {
            walk();
        }
        FlowEnd reason = FlowLife.endedBy(event, verdict);
        if (reason != null) {
            ended(event.flowRef(), reason);
        } else if (FlowLife.isBegunBy(event, verdict)) {
            begun(event.flowRef());
        }
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long endNs) {
        nowNs = Math.max(nowNs, endNs);
        ended(flowRef, reason);
    }

    @Override
    public void end(long endNs) {
        recording.eventBegins();
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.end(at, 0, records, endNs));
        }
    }

    private void begun(long flowRef) {
        int slot = (int) flowRef;
        if (slot >= live.length) {
            int before = live.length;
            live = Arrays.copyOf(live, Math.max(Math.max(FIRST_SLOTS, before * 2), slot + 1));
            Arrays.fill(live, before, live.length, PacketDescriptor.NO_FLOW);
        }
        live[slot] = flowRef;
        highestSlot = Math.max(highestSlot, slot);
        record(FlowPhase.BEGIN, FlowPhase.NO_REASON, flowRef);
    }

    private void ended(long flowRef, FlowEnd reason) {
        if (record(FlowPhase.END, reason.ordinal(), flowRef)) {
            int slot = (int) flowRef;
            if (slot < live.length) {
                live[slot] = PacketDescriptor.NO_FLOW;
            }
        }
    }

    private boolean record(FlowPhase phase, int reason, long flowRef) {
        long entry = flows.entry(flowRef);
        if (entry == 0) {
            return false;
        }
        records++;
        recording.eventBegins();
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.flow(at, phase, reason, nowNs, flowRef, entry));
        }
        return true;
    }

    /** As much of the walk as is due: one round takes one period, whatever the number of flows. */
    private void walk() {
        if (nextSliceNs == Long.MIN_VALUE) {
            periodBeganNs = nowNs;
        }
        nextSliceNs = nowNs + periodNs / SLICES;
        if (sessionWanted && !recording.isPaused()) {
            sessionWanted = false;
            recording.json(RecordType.CHECKPOINT, session);
        }
        long elapsedNs = nowNs - periodBeganNs;
        long slots = highestSlot + 1L;
        long due = elapsedNs >= periodNs ? slots : slots * elapsedNs / periodNs;
        int until = (int) Math.min(due, nextSlot + MOST_AT_ONCE);
        for (; nextSlot < until; nextSlot++) {
            if (live[nextSlot] != PacketDescriptor.NO_FLOW) {
                record(FlowPhase.PERIODIC, FlowPhase.NO_REASON, live[nextSlot]);
            }
        }
        if (elapsedNs >= periodNs && nextSlot >= slots) {
            nextSlot = 0;
            periodBeganNs = nowNs;
        }
    }
}
