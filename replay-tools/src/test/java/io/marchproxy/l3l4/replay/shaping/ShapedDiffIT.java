package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.LongSummaryStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A flood of real datagrams, recorded under one configuration, and what {@code diff} says another rate, guarantee or class would do. */
class ShapedDiffIT {
    /** Of 20 Mbit/s, 16 and 4 by the weights of P1 and P3. */
    private static final String RECORDED = """
            qos:
              link-rate: 20Mbit
              classes: { P1: { queue: 450 }, P2: { queue: 450 }, P3: { queue: 450 } }
            services:
              - { name: web, listen: "udp://127.0.0.1:0", class: P1, backends: [ { address: "UDP" } ] }
              - { name: bulk, listen: "udp://127.0.0.1:0", class: P3, backends: [ { address: "UDP" } ] }
            """;

    /** Of a queue that holds 450 datagrams one client has eight ninths; they leave when the service ends. */
    private static final double AT_THE_END = 400 * 1_000;

    private static final double TOLERANCE = 0.04;

    @TempDir
    Path data;

    private double seconds;

    @Test
    void shouldShowTheEffectOfAnotherRateGuaranteeAndClass() throws Exception {
        try (Run run = new Run(data, "shards: 1", RECORDED)) {
            run.sends("web", "127.0.1.1", 1_000, 40e6);
            run.sends("bulk", "127.0.1.2", 1_000, 30e6);
            run.until("to-backend", 20_000_000L / 8 * 3);
        }
        seconds = seconds(Run.decidedIn(data).packets(Direction.TO_BACKEND));

        JsonNode same = diff("link-rate: 20Mbit", "link-rate: 20Mbit");
        assertEquals(0, same.get("changed").asLong());
        assertParts(same, 16, 4);
        assertParts(diff("link-rate: 20Mbit", "link-rate: 10Mbit"), 8, 2);
        assertParts(diff("P3: {", "P3: { guarantee: 10Mbit,"), 8, 12);
        assertParts(diff("class: P3", "class: P2"), 20 * 4 / 6.0, 20 * 2 / 6.0);
    }

    /** How long the flood went on. */
    private static double seconds(List<Packet> packets) {
        LongSummaryStatistics arrivals =
                packets.stream().mapToLong(Packet::arrivalNs).summaryStatistics();
        return (arrivals.getMax() - arrivals.getMin()) * 1e-9;
    }

    /** Mbit/s of both services under the candidate. */
    private void assertParts(JsonNode report, double web, double bulk) {
        assertPart(report, "web/udp", web);
        assertPart(report, "bulk/udp", bulk);
    }

    private void assertPart(JsonNode report, String service, double mbits) {
        double expected = mbits * 1e6 / 8 * seconds + AT_THE_END;
        assertEquals(expected, bytes(report, service), TOLERANCE * expected, () -> service + " of " + report);
    }

    private static double bytes(JsonNode report, String service) {
        for (JsonNode row : report.get("services")) {
            if (row.get("name").asText().equals(service)
                    && row.get("direction").asText().equals("to-backend")) {
                return row.get("after").get("bytes").asDouble();
            }
        }
        throw new AssertionError(service + " is not in " + report);
    }

    private JsonNode diff(String recorded, String instead) throws IOException {
        String yaml = Files.readString(data.resolve("proxy.yaml"));
        assertTrue(yaml.contains(recorded), yaml);
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), yaml.replace(recorded, instead));
        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate, "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return new ObjectMapper().readTree(outcome.out());
    }
}
