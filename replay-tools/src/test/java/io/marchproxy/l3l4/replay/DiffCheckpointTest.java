package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons that begin in the midst of a session, and with events in any order. */
class DiffCheckpointTest {
    private static final String DNS = """
            qos: { rules: [ { match: { source: 10.0.0.0/31 }, class: P1 } ] }
            services:
              - name: dns
                listen: udp://127.0.0.1:5353
                class: P2
                session-timeout: 1h
                backends: [ { id: a, address: "127.0.0.1:1" }, { id: b, address: "127.0.0.1:2" } ]
            """;

    private static final String WILD = """
            services:
              - name: a
                listen: udp://127.0.0.1:1
                class: P0
                session-timeout: 2s
                max-sessions: 20
                session-overflow: evict-oldest
                backends: [ { id: x, address: "127.0.0.1:1001" } ]
              - name: c
                listen: tcp://127.0.0.1:3
                idle-timeout: 3s
                backends: [ { id: x, address: "127.0.0.1:1001" }, { id: y, address: "127.0.0.1:1002" } ]
            """;

    @TempDir
    Path data;

    @Test
    void shouldCompareFromACheckpointOn() throws Exception {
        try (Scenario scenario = new Scenario(data, DNS)) {
            int sent = send(scenario, 0);
            while (files().size() < 2) {
                sent = send(scenario, sent);
            }
            for (int i = 0; i < 6; i++) {
                sent = send(scenario, sent);
            }
        }
        Files.delete(files().getFirst());

        JsonNode same = diff(DNS);
        assertEquals(0, same.get("changed").asLong(), same::toString);
        assertTrue(same.get("decisions").asLong() > 5_000, same::toString);
        assertTrue(same.get("notes").toString().contains("from the checkpoint at "), same::toString);
        JsonNode other = diff(DNS.replace("class: P1 }", "class: P0 }"));
        long changed = other.get("changed").asLong();
        assertTrue(
                changed > other.get("decisions").asLong() / 4,
                "flows that were there are classified anew, as with a reload");
        JsonNode without = diff(DNS.replace("{ id: a, address: \"127.0.0.1:1\" }, ", ""));
        assertFalse(without.get("changes").toString().contains("(none)"), without::toString);
    }

    @Test
    void shouldGoOnAfterAGap() throws Exception {
        try (Scenario scenario = Scenario.withoutDisk(data, DNS)) {
            for (int i = 0; i < 150_000; i++) {
                scenario.datagram("dns", "10.0.0.1", i % 1000, 100);
            }
            scenario.diskGoesOn();
            for (int i = 0; i < 1000; i++) {
                scenario.datagram("dns", "10.0.0.1", 2000 + i, 100);
            }
        }

        JsonNode report = diff(DNS);

        assertTrue(report.get("notes").toString().contains(" records are missing after record "), report::toString);
        assertEquals(0, report.get("changed").asLong());
        long decisions = report.get("decisions").asLong();
        assertTrue(
                decisions > 50_000 && decisions < 150_000,
                "what was before the gap, and what came after: " + decisions);
        JsonNode other = diff(DNS.replace("class: P1 }", "class: P0 }"));
        assertEquals(decisions, other.get("changed").asLong(), "both before the gap and, of new flows, after it");
    }

    @Test
    void shouldGiveEachDecisionOneFateWhateverComes() throws Exception {
        try (Wild wild = new Wild(data, 20_261_126, 500, 400, 16_000_000)) {
            wild.events(100_000);
        }

        JsonNode report = diff(WILD);

        long notAsked = 0;
        for (JsonNode change : report.get("changes")) {
            notAsked += change.get("after").asText().equals("not asked")
                    ? change.get("decisions").asLong()
                    : 0;
        }
        long before = 0;
        long after = 0;
        for (JsonNode row : report.get("total")) {
            before += decided(row.get("before"));
            after += decided(row.get("after"));
        }
        assertEquals(report.get("decisions").asLong(), before);
        assertEquals(before, after + notAsked);
        assertTrue(report.get("changed").asLong() > 1000, report::toString);
    }

    /** Half of the flows are there from the beginning, the others come as time passes. */
    private static int send(Scenario scenario, int first) {
        int i = first;
        for (; i < first + 5000; i++) {
            int port = 1000 + (i % 2 == 0 ? i % 1000 : i / 50);
            long flow = scenario.datagram("dns", i % 4 < 2 ? "10.0.0.1" : "10.0.1.1", port % 60_000, 100);
            scenario.reply("dns", flow, 200);
        }
        return i;
    }

    private JsonNode diff(String yaml) throws IOException {
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), yaml);
        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate, "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return new ObjectMapper().readTree(outcome.out());
    }

    private static long decided(JsonNode figures) {
        return figures.get("packets").asLong()
                + figures.get("connections").asLong()
                + figures.get("dropped-packets").asLong()
                + figures.get("waiting-packets").asLong();
    }

    private List<Path> files() throws IOException {
        Path shard = data.resolve("journal/shard-0");
        if (!Files.isDirectory(shard)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(shard)) {
            return all.filter(path -> path.toString().endsWith(".cq4")).sorted().toList();
        }
    }
}
