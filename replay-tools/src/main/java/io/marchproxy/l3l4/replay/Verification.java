package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a shard's journal through the pipeline again and compares every outcome with the recorded one, up to the first that
 * differs. A session is a start of the service: each begins with an empty pipeline.
 */
final class Verification implements AutoCloseable {
    /** Hears how far the reading has come. */
    interface Progress {
        void read(long bytes);
    }

    private final JournalReader reader;
    private final JsonPieces pieces = new JsonPieces();
    private final List<String> notes = new ArrayList<>();

    /** A copy, since its file may be closed by the time that its outcomes are read. */
    private final MemorySegment lastEventBytes = Arena.ofAuto().allocate(RecordEncoder.LONGEST, Long.BYTES);

    private final long lastEvent = lastEventBytes.address();
    private @Nullable SessionInfo session;
    private @Nullable PipelineSettings settings;
    private @Nullable Replay replay;
    private @Nullable Difference difference;
    private @Nullable String incomplete;
    private long sessionId = Long.MIN_VALUE;
    private long recordNumber;
    private long lastEventNumber;
    private boolean ended = true;
    private boolean skipped;
    private int sessions;
    private long events;
    private long outcomes;
    private long recordedNs;
    private long lastNs;

    Verification(Path shard) {
        reader = new JournalReader(shard);
    }

    /** Verifies all sessions, or up to the first difference. */
    void run(Progress progress) throws IOException {
        int documents = 0;
        while (difference == null && reader.next()) {
            document();
            if ((++documents & 63) == 0) {
                progress.read(reader.bytesRead());
            }
        }
        if (difference == null) {
            finishSession();
        }
        progress.read(reader.bytesRead());
    }

    private void document() throws IOException {
        if (reader.session() != sessionId) {
            finishSession();
            beginSession();
        }
        recordNumber = reader.firstRecord();
        long end = reader.recordsEnd();
        for (long at = reader.recordsAt(); at < end && difference == null && !skipped; at += Records.length(at)) {
            record(at);
            recordNumber++;
        }
    }

    private void beginSession() {
        sessionId = reader.session();
        session = null;
        settings = null;
        ended = false;
        skipped = reader.firstRecord() != 0;
        if (skipped) {
            notes.add("session " + Wall.time(sessionId)
                    + ": its begin was deleted to keep to the journal's size and age; it can't be verified");
            ended = true;
        }
    }

    private void finishSession() {
        Replay running = replay;
        if (running != null) {
            if (difference == null && !running.outcomes().isExhausted() && ended) {
                difference = Difference.of(
                        lastEventNumber, lastEvent, 0, running.outcomes().next(), session());
            }
            recordedNs += lastNs - session().startedNs();
            running.close();
            replay = null;
        }
        if (!ended) {
            notes.add("session " + Wall.time(sessionId)
                    + ": it has no end: the service runs still, or was killed; verified as far as it goes");
            ended = true;
        }
    }

    private void record(long at) throws IOException {
        switch (Records.type(at)) {
            case SESSION -> {
                if (pieces.add(at)) {
                    begin(pieces.session());
                }
            }
            case SETTINGS -> {
                if (pieces.add(at)) {
                    settings = pieces.settings();
                }
            }
            case EVENT -> event(at);
            case DECISION, RELEASE, FLOW_END -> outcome(at);
            case GAP -> {
                incomplete = "session " + Wall.time(sessionId) + ": " + Records.gapRecords(at)
                        + " records are missing after record " + recordNumber + ": "
                        + Records.gapCause(at).sentence() + "; it can't be verified from there on";
                skipped = true;
                ended = true;
            }
            case END -> ended = true;
            case FLOW, SNAP, PAD -> {
                // nothing is decided by them
            }
        }
    }

    private void begin(SessionInfo info) {
        session = info;
        if (info.mode() != JournalSettings.Mode.PACKETS) {
            notes.add("session " + Wall.time(sessionId) + ": recorded in the mode flows, which can't be verified");
            skipped = true;
            ended = true;
            return;
        }
        replay = new Replay(info, info.settings());
        lastNs = info.startedNs();
        sessions++;
    }

    private void event(long at) throws JournalException {
        Replay running = replay;
        if (running == null) {
            throw new JournalException("session " + Wall.time(sessionId) + " does not say how it began");
        }
        if (!running.outcomes().isExhausted()) {
            difference = Difference.of(
                    lastEventNumber, lastEvent, 0, running.outcomes().next(), session());
            return;
        }
        events++;
        lastEventNumber = recordNumber;
        Memory.copy(at, lastEvent, Records.length(at));
        lastNs = Records.arrivalNs(at);
        PipelineSettings brings = settings;
        if (Records.kind(at) == EventKind.CONFIG) {
            settings = null;
        }
        try {
            running.handle(at, Records.kind(at) == EventKind.CONFIG ? brings : null);
        } catch (RuntimeException e) {
            difference = Difference.failed(lastEventNumber, lastEvent, e, session());
        }
    }

    private void outcome(long at) throws JournalException {
        Replay running = replay;
        if (running == null) {
            throw new JournalException("session " + Wall.time(sessionId) + " does not say how it began");
        }
        outcomes++;
        if (!running.outcomes().matches(at)) {
            difference = Difference.of(
                    lastEventNumber, lastEvent, at, running.outcomes().next(), session());
        }
    }

    private SessionInfo session() {
        SessionInfo known = session;
        if (known == null) {
            throw new IllegalStateException("a replay has a session");
        }
        return known;
    }

    /** The first difference, or null. */
    @Nullable
    Difference difference() {
        return difference;
    }

    /** Why something could not be verified that should have been, or null. */
    @Nullable
    String incomplete() {
        return incomplete;
    }

    /** What the user should know besides. */
    List<String> notes() {
        return notes;
    }

    /** Sessions that were verified, in whole or in part. */
    int sessions() {
        return sessions;
    }

    /** Events replayed. */
    long events() {
        return events;
    }

    /** Outcomes compared. */
    long outcomes() {
        return outcomes;
    }

    /** How long the recording took of what was replayed. */
    long recordedNs() {
        return recordedNs;
    }

    @Override
    public void close() throws IOException {
        Replay running = replay;
        if (running != null) {
            running.close();
        }
        reader.close();
    }
}
