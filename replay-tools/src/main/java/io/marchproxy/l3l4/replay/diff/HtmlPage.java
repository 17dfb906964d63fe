package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/** A report as one page that needs nothing else: no script, no font, no other file. Light or dark as the reader's system is. */
public final class HtmlPage {
    private static final int SHOWN_CHANGES = 40;
    private static final int SHOWN_BARS = 12;

    private final StringBuilder page = new StringBuilder();

    private HtmlPage() {}

    /** The report as a page. */
    public static String of(DiffReport report) {
        return new HtmlPage().all(report);
    }

    private String all(DiffReport report) {
        DiffReport.Subject subject = report.subject();
        page.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(Markup.escaped("What " + subject.candidate() + " would change"))
                .append("</title>\n<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n");
        head(report);
        cards(report);
        report.incomplete().forEach(line -> element("p", "warning", "Incomplete: " + line));
        report.notes().forEach(line -> element("p", "note", line));
        changes(report);
        plots(report);
        rows("By service", report.services());
        rows("By class", report.classes());
        rows("By route", report.routes());
        rows("By provider", report.providers());
        clients(report);
        page.append("<h2>How to read this</h2>\n<ul>\n");
        report.statements().forEach(line -> element("li", "", line));
        return page.append("</ul>\n</body>\n</html>\n").toString();
    }

    private static String style() {
        try (InputStream style = HtmlPage.class.getResourceAsStream("page.css")) {
            if (style == null) {
                throw new IllegalStateException("page.css is not beside this class");
            }
            return new String(style.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void head(DiffReport report) {
        DiffReport.Subject subject = report.subject();
        element("h1", "", "What " + subject.candidate() + " would change");
        page.append("<dl>\n");
        pair("recorded", subject.recording());
        pair(
                "from",
                Units.time(subject.beginMs()) + " UTC to " + Units.time(subject.endMs()) + " UTC, "
                        + Units.seconds(subject.seconds()));
        pair(
                "events",
                Units.count(subject.events()) + " in " + Units.plural(subject.sessions(), "session") + " of "
                        + Units.plural(subject.shards(), "shard"));
        pair("settings", String.join(", ", subject.recorded()));
        pair("candidate", subject.candidate() + ", settings " + subject.candidateHash());
        page.append("</dl>\n");
    }

    private void pair(String name, String value) {
        element("dt", "", name);
        element("dd", "", value);
    }

    private void cards(DiffReport report) {
        page.append("<div class=\"cards\">\n");
        card(
                "decisions changed",
                Units.count(report.changed()),
                Units.share(report.changed(), report.decisions()) + " of " + Units.count(report.decisions()));
        card("bytes that left", report, figures -> figures.bytes(), value -> Units.bytes((long) value));
        card("packets dropped", report, figures -> figures.droppedPackets(), value -> Units.count((long) value));
        double before = report.totals().stream()
                .mapToDouble(row -> row.before().delay().p99Ns())
                .max()
                .orElse(0);
        double after = report.totals().stream()
                .mapToDouble(row -> row.after().delay().p99Ns())
                .max()
                .orElse(0);
        card("delay p99", Units.duration(after), before == after ? "as recorded" : "was " + Units.duration(before));
        card("cost", report, figures -> figures.cost(), Units::money);
        page.append("</div>\n");
    }

    private void card(String title, DiffReport report, ToDoubleFunction<Figures> figure, DoubleFunction<String> unit) {
        double before = report.totals().stream()
                .mapToDouble(row -> figure.applyAsDouble(row.before()))
                .sum();
        double after = report.totals().stream()
                .mapToDouble(row -> figure.applyAsDouble(row.after()))
                .sum();
        card(title, unit.apply(after), before == after ? "as recorded" : "was " + unit.apply(before));
    }

    private void card(String title, String value, String comment) {
        page.append("<div class=\"card\">\n");
        element("h3", "", title);
        element("p", "value", value);
        element("p", "", comment);
        page.append("</div>\n");
    }

    private void changes(DiffReport report) {
        element("h2", "", "What changes");
        if (report.changes().isEmpty()) {
            element("p", "", "Nothing.");
            return;
        }
        page.append("<div class=\"scroll\"><table><thead><tr><th>what</th><th>was</th><th>would be</th>"
                + "<th class=\"number\">decisions</th><th class=\"number\">bytes</th></tr></thead>\n<tbody>\n");
        report.changes().stream().limit(SHOWN_CHANGES).forEach(change -> {
            page.append("<tr>");
            cell("", change.aspect().label());
            cell("", change.before());
            cell("changed", change.after());
            cell("number", Units.count(change.decisions()));
            cell("number", Units.bytes(change.bytes()));
            page.append("</tr>\n");
        });
        page.append("</tbody></table></div>\n");
        if (report.changes().size() > SHOWN_CHANGES) {
            element("p", "", "And " + (report.changes().size() - SHOWN_CHANGES) + " more, which --format json tells.");
        }
    }

    private void plots(DiffReport report) {
        element("h2", "", "Before and after");
        page.append("""
                <p class="legend"><span class="before"></span>recorded <span class="after"></span>candidate</p>
                <div class="plots">
                """);
        report.totals().forEach(row -> rate("Rate " + Columns.direction(row.direction()), row));
        if (report.classes().size() > report.totals().size()) {
            report.classes()
                    .forEach(row -> rate("Rate of " + row.name() + " " + Columns.direction(row.direction()), row));
        }
        report.totals().forEach(this::delay);
        drops(report);
        bars("Bytes by route", report.routes(), figures -> figures.bytes(), value -> Units.bytes((long) value));
        bars("Bytes by class", report.classes(), figures -> figures.bytes(), value -> Units.bytes((long) value));
        bars("Cost by provider", report.providers(), figures -> figures.cost(), Units::money);
        page.append("</div>\n");
    }

    private void rate(String title, Row row) {
        Row.Timelines timelines = row.timelines();
        if (timelines != null) {
            page.append(RatePlot.of(title, timelines.before(), timelines.after()));
        }
    }

    private void delay(Row row) {
        if (row.before().delay().maxNs() > 0 || row.after().delay().maxNs() > 0) {
            page.append(DelayPlot.of(
                    "Delay by percentile, " + Columns.direction(row.direction()),
                    row.before().delay(),
                    row.after().delay()));
        }
    }

    private void drops(DiffReport report) {
        Set<DropReason> reasons = EnumSet.noneOf(DropReason.class);
        report.totals().forEach(row -> {
            reasons.addAll(row.before().drops().keySet());
            reasons.addAll(row.after().drops().keySet());
        });
        List<Plot.Bars> bars = new ArrayList<>();
        for (DropReason reason : reasons) {
            bars.add(new Plot.Bars(
                    reason.label(),
                    report.totals().stream()
                            .mapToLong(row -> row.before().drops().getOrDefault(reason, 0L))
                            .sum(),
                    report.totals().stream()
                            .mapToLong(row -> row.after().drops().getOrDefault(reason, 0L))
                            .sum()));
        }
        if (!bars.isEmpty()) {
            page.append(Plot.bars("Dropped packets by reason", bars, value -> Units.count((long) value)));
        }
    }

    /** Both directions together, the largest first. */
    private void bars(String title, List<Row> rows, ToDoubleFunction<Figures> figure, DoubleFunction<String> unit) {
        TreeMap<String, Plot.Bars> sums = new TreeMap<>();
        for (Row row : rows) {
            sums.merge(
                    row.name(),
                    new Plot.Bars(row.name(), figure.applyAsDouble(row.before()), figure.applyAsDouble(row.after())),
                    (one, other) ->
                            new Plot.Bars(one.label(), one.before() + other.before(), one.after() + other.after()));
        }
        List<Plot.Bars> largest = sums.values().stream()
                .filter(bar -> bar.before() != 0 || bar.after() != 0)
                .sorted((one, other) ->
                        Double.compare(Math.max(other.before(), other.after()), Math.max(one.before(), one.after())))
                .limit(SHOWN_BARS)
                .toList();
        if (!largest.isEmpty()) {
            page.append(Plot.bars(title, largest, unit));
        }
    }

    private void rows(String title, List<Row> rows) {
        if (rows.isEmpty()) {
            return;
        }
        List<Columns.Column<Figures>> columns = Columns.of(rows, false);
        element("h2", "", title);
        page.append("<div class=\"scroll\"><table><thead><tr><th></th><th></th>");
        columns.forEach(column -> element("th", "number", column.title()));
        page.append("</tr></thead>\n<tbody>\n");
        for (Row row : rows) {
            page.append("<tr>");
            cell("", row.detail().isEmpty() ? row.name() : row.name() + " (" + row.detail() + ")");
            cell(row.direction() == Direction.TO_BACKEND ? "" : "soft", Columns.direction(row.direction()));
            columns.forEach(column -> figure(column, row.before(), row.after()));
            page.append("</tr>\n");
        }
        page.append("</tbody></table></div>\n");
    }

    private void clients(DiffReport report) {
        if (report.clients().isEmpty()) {
            return;
        }
        List<Columns.Column<ClientRow.Figures>> columns = Columns.ofClients(report.clients());
        element("h2", "", "By client");
        element(
                "p",
                "",
                report.clients().size() + " of " + Units.count(report.clientsCounted())
                        + ", those with the most changed decisions first.");
        page.append("<div class=\"scroll\"><table><thead><tr><th></th><th class=\"number\">decisions</th>"
                + "<th class=\"number\">changed</th>");
        columns.forEach(column -> element("th", "number", column.title()));
        page.append("</tr></thead>\n<tbody>\n");
        for (ClientRow row : report.clients()) {
            page.append("<tr>");
            cell("", row.name());
            cell("number", Units.count(row.decisions()));
            cell(row.changed() > 0 ? "number changed" : "number", Units.count(row.changed()));
            columns.forEach(column -> figure(column, row.before(), row.after()));
            page.append("</tr>\n");
        }
        page.append("</tbody></table></div>\n");
    }

    /** What was, above what would be; only one where they are the same. */
    private <T> void figure(Columns.Column<T> column, T before, T after) {
        if (!column.changes(before, after)) {
            cell("number", column.text().apply(after));
            return;
        }
        page.append("<td class=\"number changed\">");
        element("span", "was", column.text().apply(before) + " →");
        page.append(Markup.escaped(column.text().apply(after))).append("</td>\n");
    }

    private void cell(String style, String text) {
        element("td", style, text);
    }

    private void element(String name, String style, String text) {
        page.append('<').append(name);
        if (!style.isEmpty()) {
            page.append(" class=\"").append(style).append('"');
        }
        page.append('>').append(Markup.escaped(text)).append("</").append(name).append(">\n");
    }
}
