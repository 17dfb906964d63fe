package io.marchproxy.l3l4.replay.latency;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.marchproxy.l3l4.replay.Wall;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A run, or two, as JSON. All times are in nanoseconds, moments in UTC. */
final class LatencyJson {
    private static final JsonFactory JSON = new JsonFactory();

    private final List<Percentile> percentiles;

    LatencyJson(List<Percentile> percentiles) {
        this.percentiles = percentiles;
    }

    void print(PrintWriter out, LatencyRun run, @Nullable LatencyRun other, boolean withSlices) throws IOException {
        JsonGenerator json = JSON.createGenerator(out).useDefaultPrettyPrinter();
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.writeStartObject();
        run(json, run, withSlices);
        if (other != null) {
            json.writeObjectFieldStart("compared_with");
            run(json, other, withSlices);
            json.writeEndObject();
            differences(json, run, other);
        }
        json.writeEndObject();
        json.close();
        out.println();
        out.flush();
    }

    private void run(JsonGenerator json, LatencyRun run, boolean withSlices) throws IOException {
        json.writeStringField("from", Wall.time(run.fromMs()));
        json.writeStringField("to", Wall.time(run.toMs()));
        array(json, "stages", run.figures());
        if (withSlices) {
            array(json, "slices", run.slices());
        }
    }

    private void array(JsonGenerator json, String name, List<Figures> all) throws IOException {
        json.writeArrayFieldStart(name);
        for (Figures figures : all) {
            json.writeStartObject();
            json.writeStringField("stage", figures.stage());
            json.writeStringField("from", Wall.time(figures.fromMs()));
            json.writeStringField("to", Wall.time(figures.toMs()));
            json.writeNumberField("count", figures.count());
            json.writeNumberField("min_ns", figures.minNs());
            json.writeNumberField("mean_ns", figures.meanNs());
            for (int i = 0; i < percentiles.size(); i++) {
                json.writeNumberField(
                        percentiles.get(i).key(), figures.atPercentiles().get(i));
            }
            json.writeNumberField("max_ns", figures.maxNs());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void differences(JsonGenerator json, LatencyRun run, LatencyRun other) throws IOException {
        Map<String, Figures> others =
                other.figures().stream().collect(Collectors.toMap(Figures::stage, figures -> figures));
        json.writeArrayFieldStart("differences");
        for (Figures mine : run.figures()) {
            Figures theirs = others.get(mine.stage());
            if (theirs != null) {
                difference(json, mine.stage(), "mean", mine.meanNs(), theirs.meanNs());
                for (int i = 0; i < percentiles.size(); i++) {
                    difference(
                            json,
                            mine.stage(),
                            percentiles.get(i).label(),
                            mine.atPercentiles().get(i),
                            theirs.atPercentiles().get(i));
                }
                difference(json, mine.stage(), "max", mine.maxNs(), theirs.maxNs());
            }
        }
        json.writeEndArray();
    }

    private static void difference(JsonGenerator json, String stage, String at, double mineNs, double theirsNs)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("stage", stage);
        json.writeStringField("at", at);
        json.writeNumberField("ns", mineNs - theirsNs);
        if (theirsNs != 0) {
            json.writeNumberField("percent", 100 * (mineNs - theirsNs) / theirsNs);
        }
        json.writeEndObject();
    }
}
