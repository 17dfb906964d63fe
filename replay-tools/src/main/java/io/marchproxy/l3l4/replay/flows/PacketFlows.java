package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.FlowLife;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.Replay;
import io.marchproxy.l3l4.replay.Verification;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The flows in sessions of the mode {@code packets}: what was recorded is repeated, as {@code verify} does it, and the flow table is read
 * where a flow ends. What lives where a replay stops is kept, since it may go on behind a gap. One thread.
 */
final class PacketFlows implements Verification.Companion, Journal {
    private final FlowJournal.Sink sink;
    private final LiveFlows left = new LiveFlows();
    private final EarlierCounts earlier = new EarlierCounts();
    private @Nullable SessionNames names;
    private @Nullable Replay replay;
    private boolean wanted = true;
    private @Nullable IOException failure;

    PacketFlows(FlowJournal.Sink sink) {
        this.sink = sink;
    }

    @Override
    public void follows(SessionInfo session, Replay recorded) {
        SessionNames known = names;
        if (known != null) {
            known.take(session.settings());
            left.drain((ref, entry) -> {
                if (recorded.flow(ref) == 0) {
                    add(known.flow(entry, SessionNames.UNKNOWN));
                }
            });
        } else {
            names = new SessionNames(session, earlier);
        }
        replay = recorded;
        recorded.witness(this);
    }

    @Override
    public void arrived(PacketDescriptor event) {
        // nothing has come of it yet
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        if (event.kind() == EventKind.RESTORE) {
            earlier.add(event);
        }
        FlowEnd reason = FlowLife.endedBy(event, verdict);
        if (reason != null) {
            ended(event.flowRef(), reason);
        }
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        ended(flowRef, reason);
    }

    private void ended(long flowRef, FlowEnd reason) {
        SessionNames known = names;
        Replay running = replay;
        if (known != null && running != null) {
            long entry = running.flow(flowRef);
            if (entry != 0) {
                add(known.flow(entry, SessionNames.label(reason)));
            }
        }
    }

    @Override
    public @Nullable String repeated(@Nullable PipelineSettings brings) {
        SessionNames known = names;
        if (brings != null && known != null) {
            known.take(brings);
        }
        return failure == null && wanted ? null : "no more flows are wanted";
    }

    @Override
    public void ends(long lastNs) {
        SessionNames known = names;
        Replay stopped = replay;
        if (known == null || stopped == null) {
            return;
        }
        OffHeapFlowTable flows = stopped.flows();
        for (int slot = 0; slot < flows.slots(); slot++) {
            if (flows.isInUse(slot)) {
                left.put(flows.refAt(slot), flows.entryAt(slot), other -> add(known.flow(other, SessionNames.UNKNOWN)));
            }
        }
        replay = null;
    }

    /** Tells what is left of the session. */
    @Override
    public void sessionEnds() {
        SessionNames known = names;
        names = null;
        if (known != null) {
            left.drain((ref, entry) -> add(known.flow(entry, SessionNames.OPEN)));
        }
        earlier.clear();
    }

    /** All was repeated. */
    void finish() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    private void add(Flow flow) {
        try {
            wanted = wanted && failure == null && sink.add(flow);
        } catch (IOException e) {
            failure = e;
        }
    }

    @Override
    public void close() {
        left.close();
        earlier.close();
    }
}
