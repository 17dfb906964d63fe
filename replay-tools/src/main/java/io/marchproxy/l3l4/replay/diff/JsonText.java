package io.marchproxy.l3l4.replay.diff;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;

/**
 * A report for programs. Names carry their units; what is added later is added, and {@code version} counts up when something is
 * renamed, removed or gets another meaning.
 */
public final class JsonText {
    private static final int VERSION = 1;
    private static final JsonFactory FACTORY = new JsonFactory();

    private final JsonGenerator json;

    private JsonText(JsonGenerator json) {
        this.json = json;
    }

    /** The report as JSON. */
    public static String of(DiffReport report) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(text)) {
            DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
            generator.setPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(indenter));
            new JsonText(generator).report(report);
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes everything", e);
        }
        return text.append('\n').toString();
    }

    private void report(DiffReport report) throws IOException {
        json.writeStartObject();
        json.writeNumberField("version", VERSION);
        subject(report.subject());
        texts("statements", report.statements());
        texts("notes", report.notes());
        texts("incomplete", report.incomplete());
        json.writeNumberField("decisions", report.decisions());
        json.writeNumberField("changed", report.changed());
        json.writeArrayFieldStart("changes");
        for (Change change : report.changes()) {
            json.writeStartObject();
            json.writeStringField("what", change.aspect().label());
            json.writeStringField("before", change.before());
            json.writeStringField("after", change.after());
            json.writeNumberField("decisions", change.decisions());
            json.writeNumberField("bytes", change.bytes());
            json.writeEndObject();
        }
        json.writeEndArray();
        rows("total", report.totals());
        rows("services", report.services());
        rows("classes", report.classes());
        rows("routes", report.routes());
        rows("providers", report.providers());
        json.writeNumberField("clients-counted", report.clientsCounted());
        clients(report.clients());
        json.writeEndObject();
    }

    private void subject(DiffReport.Subject subject) throws IOException {
        json.writeObjectFieldStart("recorded");
        json.writeStringField("folder", subject.recording());
        texts("settings", subject.recorded());
        json.writeStringField("from", Instant.ofEpochMilli(subject.beginMs()).toString());
        json.writeStringField("to", Instant.ofEpochMilli(subject.endMs()).toString());
        json.writeNumberField("seconds", subject.seconds());
        json.writeNumberField("sessions", subject.sessions());
        json.writeNumberField("shards", subject.shards());
        json.writeNumberField("events", subject.events());
        json.writeEndObject();
        json.writeObjectFieldStart("candidate");
        json.writeStringField("file", subject.candidate());
        json.writeStringField("settings", subject.candidateHash());
        json.writeEndObject();
    }

    private void texts(String name, List<String> texts) throws IOException {
        json.writeArrayFieldStart(name);
        for (String text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }

    private void rows(String name, List<Row> rows) throws IOException {
        json.writeArrayFieldStart(name);
        for (Row row : rows) {
            json.writeStartObject();
            if (!row.name().isEmpty()) {
                json.writeStringField("name", row.name());
            }
            if (!row.detail().isEmpty()) {
                json.writeStringField("detail", row.detail());
            }
            if (row.direction() != null) {
                json.writeStringField(
                        "direction", Columns.direction(row.direction()).replace(' ', '-'));
            }
            figures("before", row.before());
            figures("after", row.after());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void figures(String name, Figures figures) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("connections", figures.connections());
        json.writeNumberField("packets", figures.packets());
        json.writeNumberField("bytes", figures.bytes());
        json.writeNumberField("dropped-packets", figures.droppedPackets());
        json.writeNumberField("dropped-bytes", figures.droppedBytes());
        json.writeObjectFieldStart("drops");
        for (var drop : figures.drops().entrySet()) {
            json.writeNumberField(drop.getKey().label(), drop.getValue());
        }
        json.writeEndObject();
        json.writeNumberField("waiting-packets", figures.waitingPackets());
        json.writeNumberField("waiting-bytes", figures.waitingBytes());
        json.writeNumberField("mean-bits-per-second", figures.rate().mean());
        peak("peak-1s-bits-per-second", figures.rate().peak1s());
        peak("peak-100ms-bits-per-second", figures.rate().peak100ms());
        delay(figures.delay());
        json.writeNumberField("cost", figures.cost());
        json.writeEndObject();
    }

    private void peak(String name, double bitsPerSecond) throws IOException {
        if (bitsPerSecond < 0) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, bitsPerSecond);
        }
    }

    private void delay(DelayFigures delay) throws IOException {
        json.writeObjectFieldStart("delay-ns");
        json.writeNumberField("mean", delay.meanNs());
        json.writeNumberField("p50", delay.p50Ns());
        json.writeNumberField("p90", delay.p90Ns());
        json.writeNumberField("p99", delay.p99Ns());
        json.writeNumberField("p99.9", delay.p999Ns());
        json.writeNumberField("max", delay.maxNs());
        json.writeEndObject();
    }

    private void clients(List<ClientRow> rows) throws IOException {
        json.writeArrayFieldStart("clients");
        for (ClientRow row : rows) {
            json.writeStartObject();
            json.writeStringField("name", row.name());
            json.writeNumberField("decisions", row.decisions());
            json.writeNumberField("changed", row.changed());
            client("before", row.before());
            client("after", row.after());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void client(String name, ClientRow.Figures figures) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("packets", figures.packets());
        json.writeNumberField("bytes", figures.bytes());
        json.writeNumberField("dropped-packets", figures.dropped());
        delay(figures.delay());
        json.writeNumberField("cost", figures.cost());
        json.writeEndObject();
    }
}
