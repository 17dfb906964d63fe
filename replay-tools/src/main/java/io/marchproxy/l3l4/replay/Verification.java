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
public final class Verification implements AutoCloseable {
    /** Hears how far the reading has come. */
    public interface Progress {
        void read(long bytes);
    }

    /** Years pass in no journal without an event, and a replay would go through them tick by tick. */
    private static final long LONGEST_SILENCE_NS = 1L << 54;

    /** Ends the note about a session of the other mode. */
    public static final String NOT_PACKETS = "recorded in the mode flows, which can't be verified";

    private static final String BEGIN_DELETED = "its begin was deleted to keep to the journal's size and age";

    /** What runs beside, event by event. */
    public interface Companion extends AutoCloseable {
        /** Nothing does. */
        Companion NONE = new Companion() {};

        /**
         * A replay begins: of a session, or where a checkpoint stands; or goes on behind a gap.
         *
         * @param recorded is driven by the verification, and closed when it {@link #ends}
         */
        default void follows(SessionInfo session, Replay recorded) {
            // nothing runs beside
        }

        /** Whether it wants a replay of its own. */
        default boolean runs() {
            return false;
        }

        /**
         * A replay begins: of a session, or where a checkpoint stands.
         *
         * @param recorded is driven by the verification
         * @param own in the same state; the companion drives it, and closes it
         * @param beganNs the shard's time at that moment
         */
        default void begins(SessionInfo session, Replay recorded, Replay own, long beganNs) throws JournalException {
            // nothing runs beside
        }

        /** An event is about to be repeated; answers what it carries along. */
        default @Nullable Object arrives(long record) {
            return null;
        }

        /**
         * The event was repeated.
         *
         * @param brings the settings of a CONFIG event
         * @return why the session can't be gone on with; null when it can
         */
        default @Nullable String repeated(@Nullable PipelineSettings brings) {
            return null;
        }

        /** The replay is over: there is no more, or what follows is missing. */
        default void ends(long lastNs) {
            // nothing runs beside
        }

        /** The session is over, and its last replay ended: what follows is of another start of the service. */
        default void sessionEnds() {
            // nothing runs beside
        }

        @Override
        default void close() {
            // nothing is open
        }
    }

    private final JournalReader reader;
    private final Companion companion;
    private final JsonPieces pieces = new JsonPieces();
    private final List<String> notes = new ArrayList<>();

    /** A copy of the last event, since what is read next may stand in its place by the time that its outcomes are read. */
    private final MemorySegment lastEventBytes = Arena.ofAuto().allocate(RecordEncoder.LONGEST, Long.BYTES);

    /** Its address: of the copy, or while its document is at hand, there. */
    private long lastEvent = lastEventBytes.address();

    private long documentEnd;
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

    /** The same again, for the companion. */
    private final Restoration companions = new Restoration();

    private JournalReader.@Nullable Place checkpointPlace;
    private long checkpointNumber;

    /** Records of the session before this one are read for the second time. */
    private long resumeAt;

    private boolean wentBack;

    /** Why there is no replay, while a checkpoint is looked for. */
    private @Nullable String lack;

    Verification(Path shard) {
        this(shard, Companion.NONE);
    }

    /** With something that runs beside; it is closed with this. */
    public Verification(Path shard, Companion companion) {
        reader = new JournalReader(shard);
        this.companion = companion;
    }

    /** Verifies all sessions, or up to the first difference. */
    public void run(Progress progress) throws IOException {
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
        if (reader.beginsSession()) {
            finishSession();
            beginSession();
        }
        wentBack = false;
        recordNumber = reader.firstRecord();
        Replay running = replay;
        if (running != null) {
            running.turnPage();
        }
        documentEnd = reader.recordsEnd();
        for (long at = reader.recordsAt();
                at < documentEnd && difference == null && !skipped;
                at += Records.length(at)) {
            if (recordNumber >= resumeAt) {
                record(at);
            }
            if (wentBack) {
                return;
            }
            recordNumber++;
        }
        keepLastEvent();
    }

    private void keepLastEvent() {
        long kept = lastEventBytes.address();
        if (lastEvent != kept) {
            Memory.copy(lastEvent, kept, Records.length(lastEvent));
            lastEvent = kept;
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
        companion.sessionEnds();
        dropCheckpoint();
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
            companion.ends(lastNs);
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
            case FLOW, SNAP, PAD, REPEAT, TEXT -> {
                // nothing is decided by them; nobody sees a PAD, a REPEAT or a TEXT
            }
        }
    }

    private void begin(SessionInfo info) throws JournalException {
        session = info;
        if (info.mode() != JournalSettings.Mode.PACKETS) {
            notes.add("session " + Wall.time(sessionId) + ": " + NOT_PACKETS);
            skipped = true;
            ended = true;
            return;
        }
        Replay running = new Replay(info, info.settings());
        replay = running;
        beganNs = info.startedNs();
        lastNs = beganNs;
        sessions++;
        companion.follows(info, running);
        if (companion.runs()) {
            companion.begins(info, running, new Replay(info, info.settings()), beganNs);
        }
    }

    /** The rest of the session can't be gone on with. */
    private void stop(String why) {
        stopReplay(false);
        incomplete = "session " + Wall.time(sessionId) + ": " + why;
        skipped = true;
        ended = true;
    }

    /** What follows depends on what is missing, up to a checkpoint. */
    private void gap(long at) {
        stopReplay(false);
        dropCheckpoint();
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
        if (begun == null || (!checkpoint.isUnderWay() && recordNumber != checkpointNumber)) {
            return;
        }
        boolean isWhole = checkpoint.add(at);
        if (companion.runs()) {
            companions.add(at);
        }
        if (!isWhole) {
            return;
        }
        if (session == null) {
            sessions++;
        }
        SessionInfo restored = checkpoint.session();
        Replay running = checkpoint.take();
        session = restored;
        replay = running;
        beganNs = Math.max(running.pipeline().nowNs(), restored.startedNs());
        lastNs = beganNs;
        companion.follows(restored, running);
        if (companion.runs()) {
            companion.begins(restored, running, companions.take(), beganNs);
        }
        dropCheckpoint();
        notes.add("session " + Wall.time(sessionId) + ": " + lack + "; verified from the checkpoint at "
                + Wall.time(restored.epochMs(beganNs)) + " on, " + checkpointNumber + " records after its begin");
        lack = null;
        resumeAt = checkpointNumber;
        keepLastEvent();
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
        lastEvent = at;
        lastNs = Math.max(lastNs, Records.arrivalNs(at));
        PipelineSettings brings = settings;
        if (Records.kind(at) == EventKind.CONFIG) {
            settings = null;
        }
        PipelineSettings configures = Records.kind(at) == EventKind.CONFIG ? brings : null;
        Object attachment = companion.arrives(at);
        try {
            running.handle(at, documentEnd, configures, attachment);
        } catch (RuntimeException e) {
            difference = Difference.failed(lastEventNumber, lastEvent, e, session());
            return;
        }
        String obstacle = companion.repeated(configures);
        if (obstacle != null) {
            stop(obstacle);
        }
    }

    private void dropCheckpoint() {
        checkpoint.drop();
        companions.drop();
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
    public @Nullable Difference difference() {
        return difference;
    }

    /** Why something could not be verified that should have been, or null. */
    public @Nullable String incomplete() {
        return incomplete;
    }

    /** What the user should know besides. */
    public List<String> notes() {
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
        dropCheckpoint();
        companion.close();
        reader.close();
    }
}
