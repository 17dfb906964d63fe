package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts a journal's records. */
final class Tally {
    private static final String COUNT = "%-9s %-20s %,15d";

    private final Map<RecordType, Long> types = new EnumMap<>(RecordType.class);
    private final Map<EventKind, Long> kinds = new EnumMap<>(EventKind.class);
    private final Map<Verdict, Long> verdicts = new EnumMap<>(Verdict.class);
    private final Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
    private final List<String> sessions = new ArrayList<>();
    private final JsonPieces pieces = new JsonPieces();
    private long sessionId = Long.MIN_VALUE;
    private @Nullable SessionInfo session;
    private boolean hasBegin;
    private boolean hasEnd;
    private long lastNs;
    private long documents;
    private long documentBytes;
    private long missing;

    /** Packets that DATA events stand for. */
    private long packets;

    /** Counts the reader's document. */
    void document(JournalReader reader) throws IOException {
        documents++;
        documentBytes += reader.documentBytes();
        if (reader.beginsSession()) {
            endSession();
            sessionId = reader.session();
            session = null;
            hasEnd = false;
            hasBegin = reader.firstRecord() == 0;
        }
        for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
            record(at);
        }
    }

    private void record(long at) throws IOException {
        RecordType type = Records.type(at);
        types.merge(type, 1L, Long::sum);
        switch (type) {
            case SESSION, CHECKPOINT -> {
                if (pieces.add(at) && session == null) {
                    session = pieces.session();
                    lastNs = session.startedNs();
                }
            }
            case EVENT -> {
                kinds.merge(Records.kind(at), 1L, Long::sum);
                packets += Records.kind(at) == EventKind.DATA ? Records.packets(at) : 0;
                lastNs = Records.arrivalNs(at);
            }
            case DECISION, RELEASE -> {
                verdicts.merge(Records.verdict(at), 1L, Long::sum);
                if (Records.verdict(at) == Verdict.DROP) {
                    drops.merge(Records.dropReason(at), 1L, Long::sum);
                }
            }
            case FLOW -> lastNs = Records.flowTimeNs(at);
            case GAP -> missing += Records.gapRecords(at);
            case END -> hasEnd = true;
            default -> {
                // counted by its type alone
            }
        }
    }

    private void endSession() {
        if (sessionId == Long.MIN_VALUE) {
            return;
        }
        SessionInfo known = session;
        sessions.add(
                known == null
                        ? "session " + Wall.time(sessionId) + ": its begin was deleted"
                        : String.format(
                                Locale.ROOT,
                                "session %s: version %s, mode %s, %s, settings %s, %.1f s%s%s",
                                Wall.time(sessionId),
                                known.version(),
                                known.mode().name().toLowerCase(Locale.ROOT),
                                known.pipelined() ? "pipelined" : "run-to-completion",
                                known.settings().hash(),
                                (lastNs - known.startedNs()) / 1e9,
                                hasBegin ? "" : ", its begin was deleted",
                                hasEnd ? "" : ", no end"));
    }

    /** What was counted, for the user. */
    List<String> lines() {
        endSession();
        sessionId = Long.MIN_VALUE;
        List<String> lines = new ArrayList<>(sessions);
        lines.add(String.format(
                Locale.ROOT,
                "%,d records in %,d documents of %,d bytes, %,d records missing",
                types.values().stream().mapToLong(Long::longValue).sum(),
                documents,
                documentBytes,
                missing));
        counts(lines, "records", types);
        counts(lines, "events", kinds);
        lines.add(String.format(Locale.ROOT, COUNT, "packets", "came in", packets));
        counts(lines, "verdicts", verdicts);
        counts(lines, "drops", drops);
        return lines;
    }

    private static <E extends Enum<E>> void counts(List<String> lines, String what, Map<E, Long> counts) {
        counts.forEach((key, count) -> lines.add(String.format(
                Locale.ROOT, COUNT, what, key.name().toLowerCase(Locale.ROOT).replace('_', '-'), count)));
    }
}
