package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What another rate, ceiling, queue or class would do to packets that then wait, or no longer do. */
class DiffRatesTest {
    private static final int DATAGRAMS = 400;
    private static final int BYTES = 1250;

    /** A datagram each millisecond is 10 Mbit/s. */
    private static final String FREE = """
            qos: { codel: { enabled: false } }
            services:
              - name: logs
                listen: udp://127.0.0.1:5354
                class: P2
                session-timeout: 1h
                backends: [ { id: a, address: "127.0.0.1:5401" } ]
              - name: bulk
                listen: tcp://127.0.0.1:8080
                class: P3
                backends: [ { id: b, address: "127.0.0.1:9001" } ]
            """;

    private static final String LIMITED = FREE.replace("class: P2", "class: P2\n    rate: 5Mbit\n    burst: 16KB");

    /** As {@link #LIMITED}, with queues that are kept short. */
    private static final String SHORT = LIMITED.replace("enabled: false", "enabled: true");

    @TempDir
    Path data;

    @Test
    void shouldDelayWhatALowerRateHoldsBack() throws Exception {
        record(FREE);

        JsonNode report = diff(LIMITED);

        JsonNode logs = row(report.get("services"), "logs/udp", "to-backend");
        assertEquals(DATAGRAMS + 1, logs.get("before").get("packets").asLong());
        assertEquals(DATAGRAMS + 1, logs.get("after").get("packets").asLong());
        assertEquals(0, logs.get("before").get("delay-ns").get("max").asLong());
        // What has come in by then, but the burst, at 5 Mbit/s; less the time since the first came.
        double lastNs = (DATAGRAMS * BYTES - 16_000) * 8 / 5e6 * 1e9 - (DATAGRAMS - 1) * 1e6;
        double packetNs = BYTES * 8 / 5e6 * 1e9;
        assertEquals(lastNs, logs.get("after").get("delay-ns").get("max").asDouble(), packetNs + lastNs / 100);
        assertTrue(logs.get("after").get("delay-ns").get("p50").asLong() > lastNs / 4, logs::toString);
        double peak = logs.get("after").get("peak-100ms-bits-per-second").asDouble();
        assertEquals(1e7, logs.get("before").get("peak-100ms-bits-per-second").asDouble(), 2e5);
        assertTrue(peak <= 5e6 + 16_000 * 8 / 0.1, "no more than burst + rate × t: " + peak);
        JsonNode change = report.get("changes").get(0);
        assertEquals("delay", change.get("what").asText());
        assertEquals("later", change.get("after").asText());
        assertTrue(change.get("decisions").asLong() > DATAGRAMS * 9 / 10, change::toString);
    }

    @Test
    void shouldCountWhatAShorterQueueWouldDrop() throws Exception {
        record(FREE);

        JsonNode report = diff(LIMITED.replace("qos: {", "qos: { classes: { P2: { queue: 50 } },"));

        JsonNode logs = row(report.get("services"), "logs/udp", "to-backend");
        long dropped = logs.get("after").get("drops").get("queue-full").asLong();
        assertTrue(dropped > 100, logs::toString);
        assertEquals(DATAGRAMS + 1 - dropped, logs.get("after").get("packets").asLong());
        assertEquals(dropped * BYTES, logs.get("after").get("dropped-bytes").asLong());
        assertEquals(0, logs.get("before").get("dropped-packets").asLong());
        assertTrue(report.get("changes").toString().contains("dropped, queue-full"));
    }

    @Test
    void shouldCountWhatShortQueuesWouldDrop() throws Exception {
        record(FREE);

        JsonNode logs = row(diff(SHORT).get("services"), "logs/udp", "to-backend");

        long dropped = logs.get("after").get("drops").get("queue-delay").asLong();
        // At the rate that RFC 8289 has, in the 0.7 s that they wait.
        assertTrue(dropped > 5 && dropped < 40, logs::toString);
        assertEquals(DATAGRAMS + 1 - dropped, logs.get("after").get("packets").asLong());
        assertEquals(0, logs.get("after").get("waiting-packets").asLong());
    }

    @Test
    void shouldShowWhatShortQueuesWouldMark() throws Exception {
        try (Scenario scenario = new Scenario(data, FREE)) {
            for (int i = 0; i < DATAGRAMS; i++) {
                scenario.capableDatagram("logs", "10.0.0.1", 1, BYTES);
            }
            scenario.pause(Duration.ofSeconds(5));
            scenario.datagram("logs", "10.0.0.1", 1, BYTES);
        }

        JsonNode report = diff(SHORT);

        assertEquals(List.of("ecn", "delay"), aspects(report), report::toString);
        JsonNode change = report.get("changes").get(0);
        assertEquals("as it came", change.get("before").asText());
        assertEquals("marked CE", change.get("after").asText());
        long marked = change.get("decisions").asLong();
        assertTrue(marked > 5 && marked < 40, change::toString);
    }

    @Test
    void shouldFindNoChangeUnderTheSameShortQueues() throws Exception {
        record(SHORT);

        assertEquals(0, diff(SHORT).get("changed").asLong());
        assertTrue(Tools.run("stats", data).out().contains("queue-delay"));
    }

    @Test
    void shouldHoldAWholeClassToItsCeiling() throws Exception {
        record(FREE);

        JsonNode report = diff(FREE.replace("qos: {", "qos: { classes: { P2: { ceiling: 5Mbit } },"));

        JsonNode p2 = row(report.get("classes"), "P2", "to-backend");
        assertTrue(p2.get("after").get("delay-ns").get("max").asLong() > 300_000_000L, p2::toString);
        JsonNode p3 = row(report.get("classes"), "P3", "to-backend");
        assertEquals(p3.get("before"), p3.get("after"), "the other class is as it was");
    }

    @Test
    void shouldLetGoEarlierWhatARecordedRateHeldBack() throws Exception {
        record(LIMITED);

        JsonNode report = diff(FREE);

        JsonNode logs = row(report.get("services"), "logs/udp", "to-backend");
        assertTrue(logs.get("before").get("delay-ns").get("max").asLong() > 300_000_000L, logs::toString);
        assertEquals(0, logs.get("after").get("delay-ns").get("max").asLong());
        assertEquals("earlier", report.get("changes").get(0).get("after").asText());
    }

    @Test
    void shouldFindNoChangeUnderTheSameRates() throws Exception {
        record(LIMITED);

        JsonNode report = diff(LIMITED);

        assertEquals(0, report.get("changed").asLong(), report::toString);
        for (JsonNode row : report.get("services")) {
            assertEquals(row.get("before"), row.get("after"), row::toString);
        }
    }

    @Test
    void shouldFindARateThatIsOnePercentOff() throws Exception {
        record(LIMITED);

        JsonNode report = diff(LIMITED.replace("5Mbit", "4950kbit"));

        assertTrue(report.get("changed").asLong() > DATAGRAMS / 2, report::toString);
        assertEquals(List.of("delay"), aspects(report));
    }

    @Test
    void shouldSayWhatWaitsStillAtTheEnd() throws Exception {
        try (Scenario scenario = new Scenario(data, FREE)) {
            for (int i = 0; i < DATAGRAMS; i++) {
                scenario.datagram("logs", "10.0.0.1", 1, BYTES);
            }
        }

        JsonNode logs = row(diff(LIMITED).get("services"), "logs/udp", "to-backend");

        long waiting = logs.get("after").get("waiting-packets").asLong();
        assertTrue(waiting > 100, logs::toString);
        assertEquals(waiting * BYTES, logs.get("after").get("waiting-bytes").asLong());
        assertEquals(DATAGRAMS - waiting, logs.get("after").get("packets").asLong());
    }

    @Test
    void shouldHoldStreamsWithoutLosingAByte() throws Exception {
        try (Scenario scenario = new Scenario(data, FREE)) {
            long flow = scenario.open("bulk", "10.0.0.9", 1);
            scenario.connection(EventKind.CONNECTED, Direction.TO_BACKEND, "bulk", flow, 0);
            for (int i = 0; i < 100; i++) {
                scenario.connection(EventKind.DATA, Direction.TO_CLIENT, "bulk", flow, 10_000);
            }
            scenario.connection(EventKind.FIN, Direction.TO_CLIENT, "bulk", flow, 0);
            scenario.pause(Duration.ofSeconds(20));
            scenario.connection(EventKind.FIN, Direction.TO_BACKEND, "bulk", flow, 0);
            scenario.connection(EventKind.CLOSED, Direction.TO_BACKEND, "bulk", flow, 0);
        }

        JsonNode report = diff(FREE.replace("class: P3", "class: P3\n    rate: { to-client: 1Mbit }"));

        JsonNode bulk = row(report.get("services"), "bulk/tcp", "to-client");
        assertEquals(1_000_000, bulk.get("after").get("bytes").asLong());
        assertEquals(0, bulk.get("after").get("dropped-packets").asLong());
        assertTrue(bulk.get("after").get("delay-ns").get("max").asLong() > 7_000_000_000L, bulk::toString);
        assertTrue(report.get("statements").get(0).asText().contains("TCP is open loop"));
    }

    @Test
    void shouldShareRatesAsTheShardsDidAndNewOnesEvenly() throws Exception {
        try (Scenario scenario = new Scenario(data, LIMITED, 2)) {
            scenario.rateShare(0, "logs", 3, 4);
            scenario.rateShare(1, "logs", 1, 4);
            for (int i = 0; i < DATAGRAMS; i++) {
                scenario.datagram(i % 2, "logs", "10.0.0.1", 1 + i % 2, BYTES);
            }
            scenario.pause(Duration.ofSeconds(10));
            scenario.datagram(0, "logs", "10.0.0.1", 1, BYTES);
            scenario.datagram(1, "logs", "10.0.0.1", 2, BYTES);
        }

        assertEquals(0, diff(LIMITED).get("changed").asLong());
        JsonNode slower = row(diff(LIMITED.replace("5Mbit", "2500kbit")).get("services"), "logs/udp", "to-backend");
        // The second shard has a fourth: half of the packets at 625 kbit/s instead of 1250.
        long before = slower.get("before").get("delay-ns").get("max").asLong();
        long after = slower.get("after").get("delay-ns").get("max").asLong();
        assertEquals(2.0, (after + 4e8) / (before + 4e8), 0.1, slower::toString);
    }

    /** 0.4 s of datagrams at 10 Mbit/s, one connection's worth of bytes, and an end that lets everything leave that waits. */
    private void record(String yaml) throws IOException {
        try (Scenario scenario = new Scenario(data, yaml)) {
            for (int i = 0; i < DATAGRAMS; i++) {
                scenario.datagram("logs", "10.0.0.1", 1, BYTES);
            }
            long flow = scenario.open("bulk", "10.0.0.9", 1);
            scenario.connection(EventKind.CONNECTED, Direction.TO_BACKEND, "bulk", flow, 0);
            scenario.connection(EventKind.DATA, Direction.TO_BACKEND, "bulk", flow, 1000);
            scenario.pause(Duration.ofSeconds(5));
            scenario.datagram("logs", "10.0.0.1", 1, BYTES);
        }
    }

    private JsonNode diff(String yaml) throws IOException {
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), yaml);
        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate, "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return new ObjectMapper().readTree(outcome.out());
    }

    private static JsonNode row(JsonNode rows, String name, String direction) {
        for (JsonNode row : rows) {
            if (name.equals(row.path("name").asText())
                    && direction.equals(row.path("direction").asText())) {
                return row;
            }
        }
        throw new AssertionError(name + " " + direction + " is not in " + rows);
    }

    private static List<String> aspects(JsonNode report) {
        List<String> aspects = new ArrayList<>();
        report.get("changes").forEach(change -> aspects.add(change.get("what").asText()));
        return aspects.stream().distinct().toList();
    }
}
