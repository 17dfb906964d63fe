package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A report for the terminal: aligned, what was and what would be in one cell. */
public final class TableText {
    private static final int WIDTH = 100;
    private static final int SHOWN_CHANGES = 12;
    private static final String GAP = "  ";

    private final StringBuilder text = new StringBuilder();

    private TableText() {}

    /** The report as text. */
    public static String of(DiffReport report) {
        return new TableText().all(report);
    }

    private String all(DiffReport report) {
        head(report);
        changes(report);
        rows("total", report.totals(), false);
        drops(report);
        rows("by service", report.services(), true);
        rows("by class", report.classes(), true);
        rows("by route", report.routes(), true);
        rows("by provider", report.providers(), true);
        clients(report);
        text.append('\n');
        report.notes().forEach(note -> paragraph("note: " + note));
        report.statements().forEach(this::paragraph);
        report.incomplete().forEach(line -> paragraph("INCOMPLETE: " + line));
        return text.toString();
    }

    private void head(DiffReport report) {
        DiffReport.Subject subject = report.subject();
        line("recorded   " + subject.recording() + ", " + Units.time(subject.beginMs()) + " to "
                + Units.time(subject.endMs()) + " UTC, " + Units.seconds(subject.seconds()) + ", "
                + Units.plural(subject.sessions(), "session") + ", " + Units.plural(subject.shards(), "shard")
                + ", settings "
                + String.join(", ", subject.recorded()));
        line("candidate  " + subject.candidate() + ", settings " + subject.candidateHash());
        line("decisions  " + Units.count(report.decisions()) + ", changed "
                + Units.count(report.changed())
                + (report.changed() == 0 ? "" : " (" + Units.share(report.changed(), report.decisions()) + ")"));
    }

    private void changes(DiffReport report) {
        if (report.changes().isEmpty()) {
            return;
        }
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("what changes", "", "decisions", "bytes"));
        for (Aspect aspect : Aspect.values()) {
            List<Change> kinds = report.changes().stream()
                    .filter(change -> change.aspect() == aspect)
                    .toList();
            kinds.stream()
                    .limit(SHOWN_CHANGES)
                    .forEach(change -> cells.add(List.of(
                            aspect.label(),
                            change.before() + " → " + change.after(),
                            Units.count(change.decisions()),
                            Units.bytes(change.bytes()))));
            if (kinds.size() > SHOWN_CHANGES) {
                List<Change> rest = kinds.subList(SHOWN_CHANGES, kinds.size());
                cells.add(List.of(
                        aspect.label(),
                        "(" + rest.size() + " more)",
                        Units.count(rest.stream().mapToLong(Change::decisions).sum()),
                        Units.bytes(rest.stream().mapToLong(Change::bytes).sum())));
            }
        }
        table(cells, 2);
    }

    private void drops(DiffReport report) {
        Set<DropReason> reasons = EnumSet.noneOf(DropReason.class);
        report.totals().forEach(row -> {
            reasons.addAll(row.before().drops().keySet());
            reasons.addAll(row.after().drops().keySet());
        });
        if (reasons.isEmpty()) {
            return;
        }
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("drops", "", "packets"));
        for (DropReason reason : reasons) {
            for (Row row : report.totals()) {
                long before = row.before().drops().getOrDefault(reason, 0L);
                long after = row.after().drops().getOrDefault(reason, 0L);
                if (before != 0 || after != 0) {
                    String both = Units.count(before) + (before == after ? "" : " → " + Units.count(after));
                    cells.add(List.of(reason.label(), Columns.direction(row.direction()), both));
                }
            }
        }
        table(cells, 2);
    }

    private void rows(String title, List<Row> rows, boolean isNamed) {
        List<Columns.Column<Figures>> columns = Columns.of(rows, true);
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(title, ""));
        columns.forEach(column -> head.add(column.title()));
        cells.add(head);
        for (Row row : rows) {
            String name = row.detail().isEmpty() ? row.name() : row.name() + " (" + row.detail() + ")";
            List<String> line = new ArrayList<>(List.of(isNamed ? name : "", Columns.direction(row.direction())));
            columns.forEach(column -> line.add(column.cell(row.before(), row.after())));
            cells.add(line);
        }
        table(cells, 2);
    }

    private void clients(DiffReport report) {
        if (report.clients().isEmpty()) {
            return;
        }
        List<Columns.Column<ClientRow.Figures>> columns = Columns.ofClients(report.clients());
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(
                "by client (" + report.clients().size() + " of " + Units.count(report.clientsCounted()) + ")",
                "decisions",
                "changed"));
        columns.forEach(column -> head.add(column.title()));
        cells.add(head);
        for (ClientRow row : report.clients()) {
            List<String> line =
                    new ArrayList<>(List.of(row.name(), Units.count(row.decisions()), Units.count(row.changed())));
            columns.forEach(column -> line.add(column.cell(row.before(), row.after())));
            cells.add(line);
        }
        table(cells, 1);
    }

    /** Columns as wide as they must be; the first {@code left} of them begin at the left, numbers end at the right. */
    private void table(List<List<String>> cells, int left) {
        if (cells.size() < 2) {
            return;
        }
        text.append('\n');
        int columns = cells.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> line : cells) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : cells) {
            StringBuilder row = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String padding = " ".repeat(widths[i] - line.get(i).length());
                row.append(i == 0 ? "" : GAP).append(i < left ? line.get(i) + padding : padding + line.get(i));
            }
            line(row.toString().stripTrailing());
        }
    }

    /** Breaks between words. */
    private void paragraph(String sentence) {
        StringBuilder row = new StringBuilder();
        for (String word : sentence.split(" ", -1)) {
            if (!row.isEmpty() && row.length() + 1 + word.length() > WIDTH) {
                line(row.toString());
                row.setLength(0);
                row.append("  ");
            } else if (!row.isEmpty()) {
                row.append(' ');
            }
            row.append(word);
        }
        line(row.toString());
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
