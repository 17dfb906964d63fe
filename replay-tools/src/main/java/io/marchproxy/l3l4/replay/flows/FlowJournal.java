package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.FlowPhase;
import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.Wall;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The flows of one shard's journal in the mode {@code flows}, as its records have them: each when it ends, and at a session's end those
 * that are left. One thread.
 */
final class FlowJournal implements AutoCloseable {
    /** Hears of flows. */
    interface Sink {
        /** Takes one; false when no more are wanted. */
        boolean add(Flow flow) throws IOException;
    }

    /** Hears how far the reading has come. */
    interface Progress {
        void read(long bytes);
    }

    private static final int DOCUMENTS_BETWEEN_LOOKS = 64;
    private static final FlowEnd[] ENDS = FlowEnd.values();

    private final Path shard;
    private final JournalReader reader;
    private final Sink sink;
    private final JsonPieces pieces = new JsonPieces();
    private final LiveFlows live = new LiveFlows();
    private final EarlierCounts earlier = new EarlierCounts();
    private final PacketDescriptor event =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private final List<String> notes = new ArrayList<>();
    private @Nullable SessionNames names;
    private long sessionId = Long.MIN_VALUE;
    private boolean isOfPackets;
    private boolean lookedAhead;
    private boolean holdsPackets;
    private boolean wanted = true;
    private @Nullable IOException failure;

    FlowJournal(Path shard, Sink sink) {
        this.shard = shard;
        this.reader = new JournalReader(shard);
        this.sink = sink;
    }

    void run(Progress progress) throws IOException {
        int documents = 0;
        while (wanted && reader.next()) {
            if (reader.beginsSession()) {
                endSession();
                earlier.clear();
                sessionId = reader.session();
                names = null;
                isOfPackets = false;
                lookedAhead = false;
            }
            long end = reader.recordsEnd();
            for (long at = reader.recordsAt(); at < end && wanted && !isOfPackets; at += Records.length(at)) {
                record(at);
            }
            if (++documents % DOCUMENTS_BETWEEN_LOOKS == 0) {
                progress.read(reader.bytesRead());
            }
        }
        endSession();
    }

    private void record(long at) throws IOException {
        SessionNames known = names;
        switch (Records.type(at)) {
            case SESSION -> {
                if (pieces.add(at)) {
                    SessionInfo session = pieces.session();
                    names = new SessionNames(session, earlier);
                    isOfPackets = session.mode() == JournalSettings.Mode.PACKETS;
                    holdsPackets |= isOfPackets;
                }
            }
            case EVENT -> {
                if (Records.kind(at) == EventKind.RESTORE) {
                    Records.event(at, event);
                    earlier.add(event);
                }
            }
            case DECISION, RELEASE -> {
                isOfPackets = true;
                holdsPackets = true;
            }
            case SETTINGS -> {
                if (pieces.add(at) && known != null) {
                    known.take(pieces.settings());
                }
            }
            case FLOW -> {
                if (known == null && !lookedAhead) {
                    lookedAhead = true;
                    known = lookAhead();
                    names = known;
                }
                if (known == null) {
                    unnamed();
                } else {
                    flow(at, known);
                }
            }
            case GAP ->
                notes.add("session " + Wall.time(sessionId) + ": " + Records.gapRecords(at) + " records are missing: "
                        + Records.gapCause(at).sentence() + "; the ends of flows may be among them");
            default -> {
                // says nothing of flows
            }
        }
    }

    /** What a session is whose begin was deleted, as it stands again behind the next file's begin; null where it does not. */
    private @Nullable SessionNames lookAhead() throws IOException {
        JsonPieces later = new JsonPieces();
        try (JournalReader ahead = new JournalReader(shard)) {
            goTo(ahead, reader.place());
            boolean isFirst = true;
            while (ahead.next() && ahead.session() == sessionId && (isFirst || !ahead.beginsSession())) {
                isFirst = false;
                long end = ahead.recordsEnd();
                for (long at = ahead.recordsAt(); at < end; at += Records.length(at)) {
                    if (Records.type(at) == RecordType.CHECKPOINT && later.add(at)) {
                        return new SessionNames(later.session(), earlier);
                    }
                }
            }
        }
        return null;
    }

    /** A running service may have deleted that file since it was opened: what follows is the begin then. */
    private static void goTo(JournalReader ahead, JournalReader.Place place) throws IOException {
        try {
            ahead.back(place);
        } catch (NoSuchFileException e) {
            // It is at the begin.
        }
    }

    private void unnamed() {
        String note = "session " + Wall.time(sessionId)
                + ": its begin was deleted to keep to the journal's size and age, and its settings stand nowhere else: its flows"
                + " can't be told";
        if (!notes.contains(note)) {
            notes.add(note);
        }
    }

    private void flow(long at, SessionNames known) throws IOException {
        long flowRef = Memory.getLong(at + JournalLayout.FLOW_REF);
        long entry = Records.flowEntry(at);
        if (Records.phase(at) == FlowPhase.END) {
            int reason = Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.FLOW_REASON));
            live.remove(flowRef);
            add(known.flow(entry, SessionNames.label(ENDS[reason])));
        } else {
            live.put(flowRef, entry, replaced -> add(known.flow(replaced, SessionNames.UNKNOWN)));
        }
        rethrow();
    }

    private void endSession() throws IOException {
        SessionNames known = names;
        if (known != null) {
            live.drain((ref, entry) -> add(known.flow(entry, SessionNames.OPEN)));
            rethrow();
        }
    }

    private void add(Flow flow) {
        try {
            wanted = wanted && failure == null && sink.add(flow);
        } catch (IOException e) {
            failure = e;
        }
    }

    private void rethrow() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    /** Whether sessions of the mode packets were passed over. */
    boolean holdsPackets() {
        return holdsPackets;
    }

    /** What the user should know besides. */
    List<String> notes() {
        return notes;
    }

    @Override
    public void close() throws IOException {
        live.close();
        earlier.close();
        reader.close();
    }
}
