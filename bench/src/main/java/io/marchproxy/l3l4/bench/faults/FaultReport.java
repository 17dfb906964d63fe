package io.marchproxy.l3l4.bench.faults;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * What was measured, as text, Markdown, JSON with every fault, and an HdrHistogram log.
 *
 * @param lines of text on the machine and the run
 */
record FaultReport(List<String> lines, List<FaultFigures> figures) {
    private static final String TEXT = "%-15s %6d %9.1f %9.1f %9.1f %9.1f %9.1f %6d %9d %11s   %s%n";
    private static final String MARKDOWN = "| %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %d | %s | %s |%n";

    FaultReport {
        lines = List.copyOf(lines);
        figures = List.copyOf(figures);
    }

    void print(PrintWriter out) {
        lines.forEach(out::println);
        out.println(
                "milliseconds from the fault to the first answer by the other backend; to the last request that suffered");
        out.printf(
                "%-15s %6s %9s %9s %9s %9s %9s %6s %9s %11s   %s%n",
                "fault", "times", "p50", "p90", "p99", "max", "clean p99", "lost", "in flight", "differences", "aim");
        figures.forEach(each -> out.print(each.row(TEXT)));
        out.println("differences are those of a replay of the proxy's recording");
        figures.forEach(
                each -> out.println(each.kind().key() + ": " + each.verified().describe()));
        out.flush();
    }

    void markdown(Path file) throws IOException {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line).append("\n\n"));
        text.append(
                        "| fault | times | p50 ms | p90 | p99 | max | last suffers, p99 | lost | lost in flight | differences | aim |\n")
                .append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        figures.forEach(each -> text.append(each.row(MARKDOWN)));
        Files.writeString(file, text);
    }

    void json(Path file) throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(Files.newBufferedWriter(file))) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartObject();
            json.writeArrayFieldStart("lines");
            for (String line : lines) {
                json.writeString(line);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("kinds");
            for (FaultFigures each : figures) {
                json(json, each);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void json(JsonGenerator json, FaultFigures figures) throws IOException {
        json.writeStartObject();
        json.writeStringField("kind", figures.kind().key());
        json.writeNumberField("p99_ms", FaultFigures.ms(figures.first(), 99));
        json.writeNumberField("lost", figures.lost());
        json.writeNumberField("lost_in_flight", figures.lostInFlight());
        json.writeStringField("differences", figures.verified().cell());
        json.writeNumberField("recorded_bytes", figures.verified().bytes());
        json.writeStringField("aim", figures.verdict());
        json.writeArrayFieldStart("faults");
        for (Recovery each : figures.recoveries()) {
            json.writeStartObject();
            json.writeNumberField("there_ns", each.thereNs());
            json.writeNumberField("first_ns", each.firstNs());
            json.writeNumberField("clean_ns", each.cleanNs());
            json.writeNumberField("lost", each.lost());
            json.writeNumberField("lost_in_flight", each.lostInFlight());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** One interval for each kind: times to the first answer by the other backend, and, tagged {@code -clean}, to the last that suffered. */
    void hlog(Path file, long startMs, long endMs) throws IOException {
        try (PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
            HistogramLogWriter log = new HistogramLogWriter(out);
            log.outputComment(
                    "bench faults: nanoseconds from a backend's fault on; the largest value of a line is in milliseconds");
            log.outputLogFormatVersion();
            log.outputStartTime(startMs);
            log.outputBaseTime(startMs);
            log.setBaseTime(startMs);
            log.outputLegend();
            for (FaultFigures each : figures) {
                interval(log, each.first(), each.kind().key(), startMs, endMs);
                interval(log, each.clean(), each.kind().key() + "-clean", startMs, endMs);
            }
        }
    }

    private static void interval(HistogramLogWriter log, Histogram times, String tag, long startMs, long endMs) {
        times.setTag(tag);
        times.setStartTimeStamp(startMs);
        times.setEndTimeStamp(endMs);
        log.outputIntervalHistogram(times);
    }
}
