package io.marchproxy.l3l4.bench.qos;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.marchproxy.l3l4.bench.peers.Spread;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The results: of each case and rate a line, with ours beside both of tc; and the scenes'. */
record QosReport(List<String> lines, List<QosResult> results, List<SceneResult> scenes) {
    /** Ours may be off by so much, in percent. */
    static final double ALLOWED_PERCENT = 0.5;

    /** Two errors that differ by less, in percent points, are alike: rounds of one shaper differ by as much. */
    static final double ALIKE_PERCENT = 0.05;

    /** Beyond this part of what ours carries without a rate, a rate says nothing. */
    private static final double CARRIED = 0.85;

    private static final List<Shaper> SHAPERS = List.of(Shaper.OURS, Shaper.TBF, Shaper.HTB);
    private static final double KIB = 1024;

    /** A case at a rate. */
    private record Line(String key, int mbits) {}

    private List<Line> cases() {
        return results.stream()
                .filter(one -> one.mbits() > 0)
                .map(one -> new Line(one.key(), one.mbits()))
                .distinct()
                .toList();
    }

    /** Every round's figure of a shaper. */
    private List<Double> rounds(Line line, Shaper shaper, ToDoubleFunction<QosResult> figure) {
        return results.stream()
                .filter(one -> one.shaper() == shaper
                        && one.mbits() == line.mbits()
                        && one.key().equals(line.key()))
                .map(figure::applyAsDouble)
                .toList();
    }

    private double carried(Line line) {
        List<Double> rates = rounds(new Line(line.key(), 0), Shaper.NOBODY, QosResult::errorPercent);
        return rates.isEmpty() ? Double.MAX_VALUE : Spread.of(rates).median();
    }

    private double error(Line line, Shaper shaper) {
        return Math.abs(Spread.of(rounds(line, shaper, QosResult::errorPercent)).median());
    }

    private String verdict(Line line) {
        if (line.mbits() > CARRIED * carried(line)) {
            return "more than this machine carries";
        }
        double ours = error(line, Shaper.OURS);
        double theirs = Math.max(error(line, Shaper.TBF), error(line, Shaper.HTB));
        return ours > ALLOWED_PERCENT ? "MISSED" : ours > theirs + ALIKE_PERCENT ? "tc is nearer" : "met";
    }

    private static String percent(List<Double> values) {
        Spread spread = Spread.of(values);
        return String.format(Locale.ROOT, "%+.3f (%+.3f – %+.3f)", spread.median(), spread.lowest(), spread.highest());
    }

    private static String kib(List<Double> values) {
        Spread spread = Spread.of(values);
        return String.format(Locale.ROOT, "%.1f (– %.1f)", spread.median() / KIB, spread.highest() / KIB);
    }

    private List<String> cells(Line line) {
        List<String> cells = new ArrayList<>();
        cells.add(line.key());
        cells.add(String.valueOf(line.mbits()));
        SHAPERS.forEach(shaper -> cells.add(percent(rounds(line, shaper, QosResult::errorPercent))));
        cells.add(String.format(
                Locale.ROOT,
                "%.1f",
                rounds(line, Shaper.OURS, QosResult::burstBytes).getFirst() / KIB));
        SHAPERS.forEach(shaper -> cells.add(kib(rounds(line, shaper, QosResult::excessBytes))));
        cells.add(verdict(line));
        return cells;
    }

    private List<String> carriedLines() {
        return results.stream()
                .filter(one -> one.mbits() == 0)
                .map(QosResult::key)
                .distinct()
                .map(key -> String.format(
                        Locale.ROOT, "%s: ours carries %,.0f Mbit/s without a rate", key, carried(new Line(key, 0))))
                .toList();
    }

    void print(PrintWriter out) {
        lines.forEach(out::println);
        carriedLines().forEach(out::println);
        out.println();
        if (!cases().isEmpty()) {
            printRates(out);
        }
        for (SceneReport.Line line : new SceneReport(scenes).lines()) {
            out.printf("%-9s %-17s %s: %s%n", line.scene(), line.shaper(), line.figures(), line.verdict());
        }
        out.flush();
    }

    private void printRates(PrintWriter out) {
        String row = "%-15s %7s  %-26s %-26s %-26s %7s %16s %16s %16s  %s%n";
        out.printf(
                row,
                "",
                "Mbit/s",
                "error in %: ours",
                "tc tbf",
                "tc htb",
                "burst",
                "most KiB: ours",
                "tc tbf",
                "tc htb",
                "aim");
        for (Line line : cases()) {
            out.printf(row, cells(line).toArray());
        }
    }

    String markdown() {
        StringBuilder out = new StringBuilder();
        lines.forEach(line -> out.append("- ").append(line).append('\n'));
        carriedLines().forEach(line -> out.append("- ").append(line).append('\n'));
        if (!cases().isEmpty()) {
            writeRates(out);
        }
        if (!scenes.isEmpty()) {
            out.append("""

                    | | | | aim |
                    |---|---|---|---|
                    """);
            for (SceneReport.Line line : new SceneReport(scenes).lines()) {
                out.append("| %s | %s | %s | %s |%n"
                        .formatted(line.scene(), line.shaper(), line.figures(), line.verdict()));
            }
        }
        return out.toString();
    }

    private void writeRates(StringBuilder out) {
        out.append("""

                | | Mbit/s | error in %: ours | tc tbf | tc htb | burst, KiB | most at once, KiB: ours | tc tbf | tc htb | aim |
                |---|---:|---:|---:|---:|---:|---:|---:|---:|---|
                """);
        for (Line line : cases()) {
            out.append("| ").append(String.join(" | ", cells(line))).append(" |\n");
        }
    }

    /** Keeps every round's figures: {@code {"run": [line…], "turns": [{"case", "mbits", "shaper", "round", …}…], "scenes": [{"scene", …}…]}}. */
    void write(Path file) throws IOException {
        try (JsonGenerator out = new JsonFactory().createGenerator(Files.newBufferedWriter(file))) {
            out.useDefaultPrettyPrinter();
            out.writeStartObject();
            out.writeArrayFieldStart("run");
            for (String line : lines) {
                out.writeString(line);
            }
            out.writeEndArray();
            out.writeArrayFieldStart("turns");
            for (QosResult one : results) {
                out.writeStartObject();
                out.writeStringField("case", one.key());
                out.writeNumberField("mbits", one.mbits());
                out.writeStringField("shaper", one.shaper().key());
                out.writeNumberField("round", one.round());
                out.writeNumberField(one.mbits() == 0 ? "mbits-carried" : "error-percent", one.errorPercent());
                out.writeNumberField("most-at-once-bytes", one.excessBytes());
                out.writeNumberField("burst-bytes", one.burstBytes());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeArrayFieldStart("scenes");
            for (SceneResult one : scenes) {
                out.writeStartObject();
                out.writeStringField("scene", one.scene().key());
                out.writeStringField("shaper", one.shaper().key());
                out.writeNumberField("round", one.round());
                for (Map.Entry<String, Double> figure : one.figures().values().entrySet()) {
                    out.writeNumberField(figure.getKey(), figure.getValue());
                }
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
    }
}
