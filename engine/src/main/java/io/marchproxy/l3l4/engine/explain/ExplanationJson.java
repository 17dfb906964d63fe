package io.marchproxy.l3l4.engine.explain;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** An explanation for programs. What is not known is null. */
public final class ExplanationJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ExplanationJson() {}

    /** A JSON document that ends in a line feed. */
    public static String write(Explanation of) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartObject();
            json.writeStringField("flow", of.flow());
            json.writeStringField("service", of.service());
            json.writeNumberField("rule", of.rule());
            json.writeStringField("class", of.trafficClass());
            json.writeStringField("algorithm", of.algorithm());
            json.writeStringField("score", of.scoreName());
            json.writeArrayFieldStart("remarks");
            for (String remark : of.remarks()) {
                json.writeString(remark);
            }
            json.writeEndArray();
            json.writeStringField("choice", of.choice());
            json.writeStringField("reason", of.reason());
            json.writeStringField("prefix", of.prefix());
            json.writeArrayFieldStart("candidates");
            for (Explanation.Candidate candidate : of.candidates()) {
                candidate(json, candidate);
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter takes everything", e);
        }
        return text.append('\n').toString();
    }

    private static void candidate(JsonGenerator json, Explanation.Candidate candidate) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", candidate.id());
        json.writeStringField("address", candidate.address());
        json.writeStringField("provider", candidate.provider());
        json.writeStringField("region", candidate.region());
        json.writeNumberField("cost_per_gb", candidate.costPerGb());
        json.writeBooleanField("healthy", candidate.healthy());
        json.writeNumberField("flows", candidate.flows());
        number(json, "latency_ms", candidate.latencyMs());
        json.writeNumberField("loss_percent", candidate.lossPercent());
        number(json, "score", candidate.score());
        json.writeBooleanField("chosen", candidate.chosen());
        json.writeStringField("why", candidate.why());
        json.writeEndObject();
    }

    private static void number(JsonGenerator json, String name, double value) throws IOException {
        json.writeFieldName(name);
        if (Double.isNaN(value)) {
            json.writeNull();
        } else {
            json.writeNumber(value);
        }
    }
}
