package io.marchproxy.l3l4.replay.flows;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Flows as an array of JSON objects, one a line. */
final class FlowJson implements FlowOutput {
    private static final JsonFactory JSON = new JsonFactory();

    private final PrintWriter out;
    private final @Nullable String host;
    private final JsonGenerator json;
    private boolean begun;

    FlowJson(PrintWriter out, @Nullable String host) throws IOException {
        this.out = out;
        this.host = host;
        json = JSON.createGenerator(out);
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartArray();
    }

    @Override
    public void write(Flow flow) throws IOException {
        json.writeRaw(begun ? "" : "\n");
        json.writeStartObject();
        json.writeStringField("host", host);
        for (FlowColumn column : FlowColumn.values()) {
            json.writeFieldName(column.label());
            switch (column.of(flow)) {
                case null -> json.writeNull();
                case String text -> json.writeString(text);
                case Long us when column.kind() == FlowColumn.Kind.TIME -> json.writeString(FlowTimes.text(us));
                case Number number -> json.writeNumber(number.longValue());
                default -> throw new IllegalStateException(column.label());
            }
        }
        json.writeEndObject();
        begun = true;
    }

    @Override
    public void close() throws IOException {
        json.writeRaw("\n");
        json.writeEndArray();
        json.close();
        out.println();
        out.flush();
    }
}
