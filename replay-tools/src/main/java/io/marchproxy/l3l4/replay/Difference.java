package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * An outcome that the replay has otherwise than the journal.
 *
 * @param record number, within its session, of the EVENT that it came of
 * @param lines everything about it, for the user
 */
public record Difference(long record, List<String> lines) {
    private static final String NOTHING = "nothing";

    public Difference {
        lines = List.copyOf(lines);
    }

    /**
     * A recorded outcome beside the replayed one.
     *
     * @param event the address of the EVENT that both came of
     * @param recorded the address of the journal's outcome, or 0 when it has none
     * @param replayed the address of the replay's outcome, or 0 when it has none
     */
    static Difference of(long record, long event, long recorded, long replayed, SessionInfo session) {
        RecordText text = new RecordText(session);
        List<String> lines = head(record, event, text, session);
        Map<String, String> was = fields(text, recorded);
        Map<String, String> is = fields(text, replayed);
        lines.add(String.format("  %-14s %-32s %s", "outcome", "recorded", "replayed"));
        Set<String> names = new LinkedHashSet<>(was.keySet());
        names.addAll(is.keySet());
        for (String name : names) {
            String before = was.getOrDefault(name, "-");
            String after = is.getOrDefault(name, "-");
            lines.add(
                    String.format("%s %-14s %-32s %s", Objects.equals(before, after) ? " " : "≠", name, before, after));
        }
        return new Difference(record, lines);
    }

    /** The replay could not handle the event at all. */
    static Difference failed(long record, long event, RuntimeException error, SessionInfo session) {
        List<String> lines = head(record, event, new RecordText(session), session);
        lines.add("  the replay of it failed: " + error);
        return new Difference(record, lines);
    }

    private static List<String> head(long record, long event, RecordText text, SessionInfo session) {
        List<String> lines = new ArrayList<>();
        lines.add("shard " + session.shard() + ", session " + Wall.time(session.startedEpochMs()) + ", record " + record
                + ":");
        text.fields(event).forEach((name, value) -> lines.add(String.format("  %-14s %s", name, value)));
        return lines;
    }

    private static Map<String, String> fields(RecordText text, long at) {
        if (at == 0) {
            return Map.of("what", NOTHING);
        }
        Map<String, String> fields = new LinkedHashMap<>();
        RecordType type = Records.type(at);
        fields.put("what", type == RecordType.FLOW_END ? "end of a flow" : "decision");
        fields.putAll(text.fields(at));
        return fields;
    }
}
