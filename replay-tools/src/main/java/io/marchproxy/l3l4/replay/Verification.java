package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.engine.journal.RecordType;
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
 * differs. A session is a start of the service: each begins with an empty pipeline. Where records are missing, it goes on from
 * the next checkpoint, whose records stand among those that come after it: so it is read twice from there on.
 */
final class Verification implements AutoCloseable {
    /** Hears how far the reading has come. */
    interface Progress {
        void read(long bytes);
    }

    /** Years pass in no journal without an event, and a replay would go through them tick by tick. */
    private static final long LONGEST_SILENCE_NS = 1L << 54;

    private static final String BEGIN_DELETED = "its begin was deleted to keep to the journal's size and age";

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
    private long beganNs;
    private long lastNs;
    private final Restoration checkpoint = new Restoration();
    private JournalReader.@Nullable Place checkpointPlace;
    private long checkpointNumber;

    /** Records of the session before this one are read for the second time. */
    private long resumeAt;

    private boolean wentBack;

    /** Why there is no replay, while a checkpoint is looked for. */
    private @Nullable String lack;

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
        wentBack = false;
        recordNumber = reader.firstRecord();
        long end = reader.recordsEnd();
        for (long at = reader.recordsAt(); at < end && difference == null && !skipped; at += Records.length(at)) {
            if (recordNumber >= resumeAt) {
                record(at);
            }
            if (wentBack) {
                return;
            }
            recordNumber++;
        }
    }

    private void beginSession() {
        sessionId = reader.session();
        session = null;
        settings = null;
        ended = false;
        skipped = false;
        resumeAt = 0;
        lack = null;
        if (reader.firstRecord() != 0) {
            lack = BEGIN_DELETED;
        }
    }

    private void finishSession() {
        stopReplay(ended);
        checkpoint.drop();
        String unverified = lack;
        if (unverified != null) {
            String told = "session " + Wall.time(sessionId) + ": " + unverified;
            if (unverified.equals(BEGIN_DELETED)) {
                notes.add(told + "; it can't be verified, since no checkpoint is in it");
            } else {
                incomplete = told + "; it can't be verified from there on, since no checkpoint follows";
            }
            lack = null;
            ended = true;
        }
        if (!ended) {
            notes.add("session " + Wall.time(sessionId)
                    + ": it has no end: the service runs still, or was killed; verified as far as it goes");
            ended = true;
        }
    }

    /** Ends the replay at hand; when all its outcomes are to be there, that they are. */
    private void stopReplay(boolean isWhole) {
        Replay running = replay;
        if (running != null) {
            if (difference == null && !running.outcomes().isExhausted() && isWhole) {
                difference = Difference.of(
                        lastEventNumber, lastEvent, 0, running.outcomes().next(), session());
            }
            recordedNs += lastNs - beganNs;
            running.close();
            replay = null;
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
                if (lack == null && pieces.add(at)) {
                    settings = pieces.settings();
                }
            }
            case EVENT -> event(at);
            case DECISION, RELEASE, FLOW_END -> outcome(at);
            case GAP -> gap(at);
            case END -> ended = true;
            case CHECKPOINT, STATE, SLOTS, CHECKPOINT_END -> {
                if (lack != null) {
                    checkpoint(at);
                }
            }
            case FLOW, SNAP, PAD -> {
                // nothing is decided by them
            }
        }
    }

    private void begin(SessionInfo info) throws JournalException {
        session = info;
        if (info.mode() != JournalSettings.Mode.PACKETS) {
            notes.add("session " + Wall.time(sessionId) + ": recorded in the mode flows, which can't be verified");
            skipped = true;
            ended = true;
            return;
        }
        replay = new Replay(info, info.settings());
        beganNs = info.startedNs();
        lastNs = beganNs;
        sessions++;
    }

    /** What follows depends on what is missing, up to a checkpoint. */
    private void gap(long at) {
        stopReplay(false);
        checkpoint.drop();
        settings = null;
        lack = Records.gapRecords(at) + " records are missing after record " + recordNumber + ": "
                + Records.gapCause(at).sentence();
    }

    /** Looks for a checkpoint that is whole, and goes on from the first. */
    private void checkpoint(long at) throws IOException {
        if (Records.type(at) == RecordType.CHECKPOINT && Records.isFirstPiece(at)) {
            checkpointPlace = reader.place();
            checkpointNumber = recordNumber;
        }
        JournalReader.Place begun = checkpointPlace;
        if (begun == null || (!checkpoint.isUnderWay() && recordNumber != checkpointNumber) || !checkpoint.add(at)) {
            return;
        }
        if (session == null) {
            sessions++;
        }
        SessionInfo restored = checkpoint.session();
        Replay running = checkpoint.take();
        checkpoint.drop();
        session = restored;
        replay = running;
        beganNs = Math.max(running.pipeline().nowNs(), restored.startedNs());
        lastNs = beganNs;
        notes.add("session " + Wall.time(sessionId) + ": " + lack + "; verified from the checkpoint at "
                + Wall.time(restored.epochMs(beganNs)) + " on, " + checkpointNumber + " records after its begin");
        lack = null;
        resumeAt = checkpointNumber;
        reader.back(begun);
        wentBack = true;
    }

    private void event(long at) throws JournalException {
        Replay running = replay;
        if (running == null) {
            requireReason();
            return;
        }
        if (!running.outcomes().isExhausted()) {
            difference = Difference.of(
                    lastEventNumber, lastEvent, 0, running.outcomes().next(), session());
            return;
        }
        if (Records.arrivalNs(at) - lastNs > LONGEST_SILENCE_NS) {
            throw new JournalException("session " + Wall.time(sessionId) + ": record " + recordNumber
                    + " comes years after the one before it");
        }
        events++;
        lastEventNumber = recordNumber;
        Memory.copy(at, lastEvent, Records.length(at));
        lastNs = Math.max(lastNs, Records.arrivalNs(at));
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

    /** That there is no replay must have a reason, which is told at the end. */
    private void requireReason() throws JournalException {
        if (lack == null) {
            throw new JournalException("session " + Wall.time(sessionId) + " does not say how it began");
        }
    }

    private void outcome(long at) throws JournalException {
        Replay running = replay;
        if (running == null) {
            requireReason();
            return;
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
        checkpoint.drop();
        reader.close();
    }
}
