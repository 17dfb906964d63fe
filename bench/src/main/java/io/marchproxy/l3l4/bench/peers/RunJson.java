package io.marchproxy.l3l4.bench.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Keeps every round's raw values in a file: {@code {"run": [line…], "samples": [{"kind", "peer", "round", metric…}…]}}. */
final class RunJson {
    private static final JsonFactory JSON = new JsonFactory();

    private RunJson() {}

    /** Writes it at once, so that a run which is stopped leaves the rounds before. */
    static void write(Path file, Run run) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        try (JsonGenerator out = JSON.createGenerator(Files.newBufferedWriter(draft))) {
            out.useDefaultPrettyPrinter();
            out.writeStartObject();
            out.writeArrayFieldStart("run");
            for (String line : run.lines()) {
                out.writeString(line);
            }
            out.writeEndArray();
            out.writeArrayFieldStart("samples");
            for (Sample sample : run.results().samples()) {
                out.writeStartObject();
                out.writeStringField("kind", sample.kind().key());
                out.writeStringField("peer", sample.peer().key());
                out.writeNumberField("round", sample.round());
                for (Map.Entry<Metric, Double> value : sample.values().entrySet()) {
                    out.writeNumberField(value.getKey().key(), value.getValue());
                }
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if the file is not there or is something else
     */
    static Run read(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        Results results = new Results();
        try (JsonParser in = JSON.createParser(Files.readString(file))) {
            for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
                if (token == JsonToken.VALUE_STRING && in.getParsingContext().inArray()) {
                    lines.add(in.getText());
                } else if (token == JsonToken.START_OBJECT
                        && in.getParsingContext().getParent().inArray()) {
                    results.add(sample(in));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is not a result of this version of bench peers: " + e.getMessage(), e);
        }
        return new Run(lines, results);
    }

    private static Sample sample(JsonParser in) throws IOException {
        String kind = "";
        String peer = "";
        int round = 0;
        Map<Metric, Double> values = new EnumMap<>(Metric.class);
        for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
            in.nextToken();
            switch (name) {
                case "kind" -> kind = in.getText();
                case "peer" -> peer = in.getText();
                case "round" -> round = in.getIntValue();
                default -> values.put(Metric.of(name), in.getDoubleValue());
            }
        }
        return new Sample(Kind.of(kind), Peer.of(peer), round, values);
    }
}
