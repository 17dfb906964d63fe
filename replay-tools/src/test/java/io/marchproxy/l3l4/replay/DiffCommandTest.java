package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final String RECORDED = """
            qos:
              rules:
                - { match: { protocol: udp, source: 10.1.0.0/16 }, class: P1 }
            services:
              - name: dns
                listen: udp://127.0.0.1:5353
                class: P2
                session-timeout: 1s
                backends:
                  - { id: here, address: "127.0.0.1:5301", provider: onprem, region: local, cost-per-gb: 0 }
                  - { id: there, address: "127.0.0.1:5302", provider: aws, region: us-east-1, cost-per-gb: 90 }
              - name: web
                listen: tcp://127.0.0.1:8080
                class: P3
                backends:
                  - { id: a, address: "127.0.0.1:9001", provider: gcp, region: europe-west4, cost-per-gb: 80 }
                  - { id: b, address: "127.0.0.1:9002", provider: gcp, region: europe-west4, cost-per-gb: 80 }
            """;

    @TempDir
    Path data;

    @Test
    void shouldFindNoChangeUnderTheRecordedConfiguration() throws Exception {
        record();

        JsonNode report = diff(RECORDED);

        assertEquals(0, report.get("changed").asLong());
        assertEquals(List.of(), list(report.get("changes"), "what"));
        assertEquals(List.of(), texts(report.get("notes")));
        assertEquals(430, report.get("decisions").asLong());
        for (String group : List.of("total", "services", "classes", "routes", "providers", "clients")) {
            assertFalse(report.get(group).isEmpty(), group);
            for (JsonNode row : report.get(group)) {
                assertEquals(row.get("before"), row.get("after"), row::toString);
            }
        }
    }

    @Test
    void shouldCountWhatWasForwardedAndWhatItCost() throws Exception {
        record();

        JsonNode report = diff(RECORDED);

        JsonNode toBackend =
                row(report.get("services"), "dns/udp", "to-backend").get("before");
        assertEquals(200, toBackend.get("packets").asLong());
        assertEquals(20_000, toBackend.get("bytes").asLong());
        JsonNode there = row(report.get("routes"), "dns/udp there", "to-client").get("before");
        assertEquals(100, there.get("packets").asLong());
        assertEquals(100 * 500 * 90 / 1e9, there.get("cost").asDouble(), 1e-12);
        assertEquals(
                100 * 500 * 90 / 1e9,
                row(report.get("providers"), "aws", "to-client")
                        .get("before")
                        .get("cost")
                        .asDouble(),
                1e-12);
        assertEquals(
                0,
                row(report.get("providers"), "onprem", "to-client")
                        .get("before")
                        .get("cost")
                        .asDouble());
        JsonNode web = row(report.get("services"), "web/tcp", "to-backend").get("before");
        assertEquals(10, web.get("connections").asLong());
        JsonNode client = row(report.get("clients"), "10.1.0.1", null);
        assertEquals(100, client.get("before").get("packets").asLong() / 2);
    }

    @Test
    void shouldShowTheRoutesAndTheMoneyOfAnotherAlgorithm() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("class: P2", "class: P2\n    algorithm: cost"));

        assertEquals(List.of("route"), list(report.get("changes"), "what"));
        JsonNode change = report.get("changes").get(0);
        assertEquals("dns/udp there", change.get("before").asText());
        assertEquals("dns/udp here", change.get("after").asText());
        JsonNode dns = row(report.get("services"), "dns/udp", "to-client");
        assertEquals(100 * 500 * 90 / 1e9, dns.get("before").get("cost").asDouble(), 1e-12);
        assertEquals(0, dns.get("after").get("cost").asDouble());
    }

    @Test
    void shouldShowTheMoneyOfAnotherPriceTable() throws Exception {
        record();

        JsonNode report = diff("multicloud: { price-version: next, prices: [ { provider: aws, cost-per-gb: 45 } ] }\n"
                + RECORDED.replace(", cost-per-gb: 90", ""));

        assertEquals(0, report.get("changed").asLong());
        JsonNode aws = row(report.get("providers"), "aws", "to-client");
        assertEquals(100 * 500 * 90 / 1e9, aws.get("before").get("cost").asDouble(), 1e-12);
        assertEquals(100 * 500 * 45 / 1e9, aws.get("after").get("cost").asDouble(), 1e-12);
    }

    @Test
    void shouldShowAChangedCodePoint() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("qos:\n", "qos:\n  classes: { P1: { dscp: AF42 } }\n"));

        assertEquals(List.of("dscp"), list(report.get("changes"), "what"));
        JsonNode change = report.get("changes").get(0);
        assertEquals("AF41 (34)", change.get("before").asText());
        assertEquals("AF42 (36)", change.get("after").asText());
        assertEquals(200, change.get("decisions").asLong());
        assertEquals(200, report.get("changed").asLong());
    }

    @Test
    void shouldShowARateThatIsOnePercentOff() throws Exception {
        String limited = RECORDED.replace("class: P2", "class: P2\n    rate: 4Mbit\n    burst: 1500B")
                .replace("qos:\n", "qos:\n  codel: { enabled: false }\n");
        try (Scenario scenario = new Scenario(data, limited)) {
            // Twice the rate, until a tenth of a second's worth waits.
            for (int i = 0; i < 100; i++) {
                scenario.datagram("dns", "10.0.0.1", 1000, 1000);
            }
            scenario.pause(Duration.ofMillis(500));
            scenario.datagram("dns", "10.0.0.1", 1000, 1000);
        }

        assertEquals(0, diff(limited).get("changed").asLong());
        JsonNode faster = diff(limited.replace("4Mbit", "4040kbit"));
        assertEquals(List.of("delay"), list(faster.get("changes"), "what"), faster::toString);
        assertEquals("earlier", faster.get("changes").get(0).get("after").asText());
        assertTrue(faster.get("changed").asLong() > 90, faster::toString);
        JsonNode slower = diff(limited.replace("4Mbit", "3960kbit"));
        assertEquals("later", slower.get("changes").get(0).get("after").asText());
        JsonNode free = diff(RECORDED);
        JsonNode delay =
                row(free.get("services"), "dns/udp", "to-backend").get("after").get("delay-ns");
        assertEquals(0, delay.get("max").asLong(), free::toString);
    }

    @Test
    void shouldShowAChangedRule() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("class: P1 }", "class: P0 }"));

        assertEquals(List.of("class", "rule", "dscp"), list(report.get("changes"), "what"));
        JsonNode change = report.get("changes").get(1);
        assertEquals("udp source 10.1.0.0/16: P1", change.get("before").asText());
        assertEquals("udp source 10.1.0.0/16: P0", change.get("after").asText());
        JsonNode p1 = row(report.get("classes"), "P1", "to-backend");
        assertEquals(100, p1.get("before").get("packets").asLong());
        assertEquals(0, p1.get("after").get("packets").asLong());
        assertEquals(
                100,
                row(report.get("classes"), "P0", "to-backend")
                        .get("after")
                        .get("packets")
                        .asLong());
        JsonNode changed = report.get("clients").get(0);
        assertEquals("10.1.0.1", changed.get("name").asText());
        assertEquals(200, changed.get("changed").asLong());
    }

    @Test
    void shouldTakeARuleThatMovedForTheSame() throws Exception {
        record();

        JsonNode report = diff(
                RECORDED.replace("  rules:\n", "  rules:\n    - { match: { source: 203.0.113.0/24 }, class: P0 }\n"));

        assertEquals(0, report.get("changed").asLong(), report::toString);
    }

    @Test
    void shouldShowWhereTrafficGoesWhenABackendIsGone() throws Exception {
        record();

        JsonNode report = diff(without(RECORDED, "id: here"));

        assertEquals(List.of("route"), list(report.get("changes"), "what"));
        JsonNode change = report.get("changes").get(0);
        assertEquals("dns/udp here", change.get("before").asText());
        assertEquals("dns/udp there", change.get("after").asText());
        assertEquals(
                List.of("backend here of service dns/udp is gone under the candidate"), texts(report.get("notes")));
        JsonNode aws = row(report.get("providers"), "aws", "to-client");
        assertEquals(100 * 500 * 90 / 1e9, aws.get("before").get("cost").asDouble(), 1e-12);
        assertEquals(200 * 500 * 90 / 1e9, aws.get("after").get("cost").asDouble(), 1e-12);
    }

    @Test
    void shouldMoveMoneyWhenPricesChange() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("cost-per-gb: 90", "cost-per-gb: 9"));

        assertEquals(0, report.get("changed").asLong());
        JsonNode total = row(report.get("total"), null, "to-client");
        double gcp = 10 * 2000 * 80 / 1e9;
        assertEquals(gcp + 100 * 500 * 90 / 1e9, total.get("before").get("cost").asDouble(), 1e-12);
        assertEquals(gcp + 100 * 500 * 9 / 1e9, total.get("after").get("cost").asDouble(), 1e-12);
    }

    @Test
    void shouldDropThePacketsOfAServiceThatIsGoneAndTheAnswersToThem() throws Exception {
        record();

        JsonNode report = diff(RECORDED.substring(0, RECORDED.indexOf("  - name: web")));

        assertEquals(
                List.of("service web/tcp is gone under the candidate: its packets are dropped, no-service"),
                texts(report.get("notes")));
        JsonNode toBackend = row(report.get("services"), "web/tcp", "to-backend");
        assertEquals(0, toBackend.get("after").get("packets").asLong());
        assertEquals(10, toBackend.get("after").get("drops").get("no-service").asLong());
        assertEquals(10, toBackend.get("after").get("drops").get("flow-gone").asLong());
        JsonNode toClient = row(report.get("services"), "web/tcp", "to-client");
        assertEquals(10, toClient.get("after").get("drops").get("flow-gone").asLong());
        assertTrue(toClient.get("before").get("cost").asDouble() > 0);
        assertEquals(0, toClient.get("after").get("cost").asDouble());
        assertEquals(
                row(report.get("services"), "dns/udp", "to-backend").get("before"),
                row(report.get("services"), "dns/udp", "to-backend").get("after"));
    }

    @Test
    void shouldFindARenamedServiceByItsAddress() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("name: dns", "name: names"));

        assertEquals(0, report.get("changed").asLong(), report::toString);
        assertEquals(
                List.of("service dns/udp is names/udp under the candidate, which listens where it did"),
                texts(report.get("notes")));
    }

    @Test
    void shouldFollowAServiceThatListensElsewhereByItsName() throws Exception {
        record();

        JsonNode report = diff(RECORDED.replace("udp://127.0.0.1:5353", "udp://127.0.0.1:5354"));

        assertEquals(0, report.get("changed").asLong(), report::toString);
    }

    @Test
    void shouldGiveTrafficToWhoListensWhereItCameIn() throws Exception {
        record();

        // The service keeps its name, but another one has its address now.
        JsonNode report = diff(RECORDED.replace("udp://127.0.0.1:5353", "udp://127.0.0.1:5354") + """
                  - name: heir
                    listen: udp://127.0.0.1:5353
                    class: P0
                    backends: [ { id: z, address: "127.0.0.1:5303", provider: azure, cost-per-gb: 1000 } ]
                """);

        JsonNode route = row(report.get("routes"), "heir/udp z", "to-client");
        assertEquals(200, route.get("after").get("packets").asLong());
        assertEquals(200 * 500 * 1000 / 1e9, route.get("after").get("cost").asDouble(), 1e-9);
        assertTrue(texts(report.get("notes")).contains("service heir/udp is new: nothing was recorded of its own"));
    }

    @Test
    void shouldBelieveAFailedConnectOfItsBackendAlone() throws Exception {
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            // The turn begins with a, which fails; b is tried and takes it.
            long flow = scenario.open("web", "10.0.0.9", 1);
            scenario.connection(EventKind.CONNECT_FAILED, Direction.TO_BACKEND, "web", flow, 0);
            scenario.connection(EventKind.CONNECTED, Direction.TO_BACKEND, "web", flow, 0);
            scenario.connection(EventKind.DATA, Direction.TO_BACKEND, "web", flow, 10);
        }

        JsonNode report = diff(without(RECORDED, "id: a"));

        assertEquals(List.of("forwarded", "web/tcp a"), list(report.get("changes"), "before"), report::toString);
        assertEquals(List.of("not asked", "web/tcp b"), list(report.get("changes"), "after"));
        assertEquals(
                10,
                row(report.get("routes"), "web/tcp b", "to-backend")
                        .get("after")
                        .get("bytes")
                        .asLong());
    }

    @Test
    void shouldGiveHealthFlipsToTheSameBackendWhateverItsNumber() throws Exception {
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            scenario.health("here", false);
            for (int i = 0; i < 10; i++) {
                scenario.datagram("dns", "10.0.0.1", 1000 + i, 100);
            }
        }
        String reordered =
                RECORDED.replaceAll("(?s)(      - \\{ id: here[^\n]*\n)(      - \\{ id: there[^\n]*\n)", "$2$1");
        assertFalse(reordered.equals(RECORDED));

        JsonNode report = diff(reordered);

        assertEquals(0, report.get("changed").asLong(), report::toString);
    }

    @Test
    void shouldScaleSharesOfTheSessionCap() throws Exception {
        String capped = RECORDED.replace("session-timeout: 1s", "session-timeout: 1s\n    max-sessions: 10");
        try (Scenario scenario = new Scenario(data, capped, 2)) {
            scenario.quota(0, "dns", 4);
            scenario.quota(1, "dns", 6);
            for (int i = 0; i < 20; i++) {
                scenario.datagram(i % 2, "dns", "10.0.0.1", 1000 + i, 100);
            }
        }

        JsonNode report = diff(capped.replace("max-sessions: 10", "max-sessions: 15"));

        JsonNode dns = row(report.get("services"), "dns/udp", "to-backend");
        assertEquals(10, dns.get("before").get("packets").asLong());
        assertEquals(6 + 9, dns.get("after").get("packets").asLong());
        assertEquals(10, dns.get("before").get("drops").get("session-cap").asLong());
        assertEquals(
                "dropped, session-cap",
                report.get("changes").get(0).get("before").asText());
        assertEquals("forwarded", report.get("changes").get(0).get("after").asText());
    }

    @Test
    void shouldKeepFlowsApartThatHaveOtherReferencesUnderTheCandidate() throws Exception {
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            // The candidate has no web, and so its flows come to other places in its table.
            List<Long> flows = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                scenario.open("web", "10.0.0.9", i);
                flows.add(scenario.datagram("dns", "10.0.0.1", 1000 + i, 100));
            }
            flows.forEach(flow -> scenario.reply("dns", flow, 500));
        }

        JsonNode report = diff(RECORDED.substring(0, RECORDED.indexOf("  - name: web")));

        assertEquals(
                row(report.get("services"), "dns/udp", "to-client").get("before"),
                row(report.get("services"), "dns/udp", "to-client").get("after"));
        assertEquals(
                50,
                row(report.get("services"), "dns/udp", "to-client")
                        .get("after")
                        .get("packets")
                        .asLong());
    }

    @Test
    void shouldHoldTheCandidateThroughReloadsAndFollowWhatTheyBring() throws Exception {
        String more = RECORDED.replace("class: P2", "class: P0") + """
                  - name: late
                    listen: udp://127.0.0.1:5399
                    class: P1
                    backends: [ { id: l, address: "127.0.0.1:5309" } ]
                """;
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            scenario.datagram("dns", "10.0.0.1", 1, 100);
            scenario.reload(more);
            scenario.datagram("dns", "10.0.0.1", 2, 100);
            scenario.datagram("late", "10.0.0.1", 3, 100);
        }

        JsonNode asBefore = diff(RECORDED);
        assertEquals(
                List.of("dropped, no-service", "P2", "AF21 (18)"),
                list(asBefore.get("changes"), "after"),
                asBefore::toString);
        JsonNode asAfter = diff(more);
        assertEquals(List.of("P2", "AF21 (18)"), list(asAfter.get("changes"), "before"), asAfter::toString);
        assertEquals(1, asAfter.get("changed").asLong());
        assertEquals(
                1,
                row(asAfter.get("routes"), "late/udp l", "to-backend")
                        .get("after")
                        .get("packets")
                        .asLong());
        assertEquals(2, asAfter.get("recorded").get("settings").size());
    }

    @Test
    void shouldSumOverShards() throws Exception {
        try (Scenario scenario = new Scenario(data, RECORDED, 3)) {
            for (int i = 0; i < 30; i++) {
                long flow = scenario.datagram(i % 3, "dns", "10.0.0.1", 1000 + i, 100);
                scenario.reply(i % 3, "dns", flow, 200);
            }
        }

        JsonNode report = diff(RECORDED);

        assertEquals(3, report.get("recorded").get("shards").asInt());
        assertEquals(1, report.get("recorded").get("sessions").asInt());
        assertEquals(
                6000,
                row(report.get("total"), null, "to-client")
                        .get("after")
                        .get("bytes")
                        .asLong());
        assertEquals(0, report.get("changed").asLong());
    }

    @Test
    void shouldCompareImportedPacketsByTheServicesThatTheyAreOf() throws Exception {
        try (Scenario scenario = Scenario.imported(data, RECORDED)) {
            for (int i = 0; i < 10; i++) {
                scenario.datagram("dns", "10.0.0.1", 1000 + i, 100);
                scenario.datagram("ip", "10.0.0.2", 1000 + i, 100);
            }
        }

        assertEquals(0, diff(RECORDED).get("changed").asLong());
        JsonNode report = diff(RECORDED.replace("class: P2", "class: P0"));
        assertEquals(10, report.get("changed").asLong(), report::toString);
        assertEquals(
                5,
                row(report.get("routes"), "ip/ip gateway-1", "to-backend")
                        .get("after")
                        .get("packets")
                        .asLong());
        JsonNode gone = diff(RECORDED.substring(0, RECORDED.indexOf("  - name: dns"))
                + RECORDED.substring(RECORDED.indexOf("  - name: web")));
        assertEquals(List.of("dropped, no-service"), list(gone.get("changes"), "after"), gone::toString);
    }

    @Test
    void shouldCountWhatArrivedInTheTimeAskedForAlone() throws Exception {
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            for (int i = 0; i < 30; i++) {
                scenario.datagram("dns", "10.0.0.1", i, 100);
                scenario.pause(Duration.ofSeconds(1));
            }
        }
        JsonNode all = diff(RECORDED.replace("class: P2", "class: P0"));
        Instant begin = Instant.parse(all.get("recorded").get("from").asText());
        Path candidate = data.resolve("candidate.yaml");

        Tools.Outcome part = Tools.run(
                "diff",
                data,
                "-c",
                candidate,
                "--format",
                "JSON",
                "--from",
                begin.plusSeconds(10),
                "--to",
                begin.plusSeconds(20));
        Tools.Outcome none = Tools.run("diff", data, "-c", candidate, "--from", "+1h");

        assertEquals(30, all.get("decisions").asLong());
        assertEquals(0, part.exitCode(), part::toString);
        JsonNode report = MAPPER.readTree(part.out());
        assertEquals(10, report.get("decisions").asLong());
        assertEquals(10, report.get("changed").asLong());
        assertEquals(10.0, report.get("recorded").get("seconds").asDouble());
        assertEquals(
                10 * 100 * 8 / 10.0,
                row(report.get("total"), null, "to-backend")
                        .get("after")
                        .get("mean-bits-per-second")
                        .asDouble());
        assertEquals(2, none.exitCode(), none::toString);
        assertTrue(none.err().contains("nothing in it can be compared"), none.err());
    }

    @Test
    void shouldTellTheFaultsOfTheCandidateAsCheckDoes() throws Exception {
        record();
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), RECORDED.replace("class: P2", "class: P7"));

        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().startsWith(candidate + ":7: "), outcome.err());
        assertEquals("", outcome.out());
    }

    @Test
    void shouldEndWithOneWhenAskedToAndSomethingChanges() throws Exception {
        record();
        Path same = Files.writeString(data.resolve("same.yaml"), RECORDED);
        Path other = Files.writeString(data.resolve("other.yaml"), RECORDED.replace("class: P2", "class: P0"));

        assertEquals(
                0, Tools.run("diff", data, "--config", same, "--fail-on-change").exitCode());
        assertEquals(
                1,
                Tools.run("diff", data, "--config", other, "--fail-on-change").exitCode());
        assertEquals(0, Tools.run("diff", data, "--config", other).exitCode());
    }

    @Test
    void shouldSayThatTheModeFlowsCanNotBeCompared() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.FLOWS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(10);
        }
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), RECORDED);

        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains("nothing in it can be compared"), outcome.err());
        assertTrue(outcome.err().contains("recorded in the mode flows"), outcome.err());
    }

    @Test
    void shouldRefuseToCompareWithARecordingThatDoesNotRepeat() throws Exception {
        try (Synthetic synthetic = new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(20))) {
            synthetic.datagrams(10);
        }
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), RECORDED);

        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains("does not repeat what was recorded"), outcome.err());
        assertTrue(outcome.err().contains("≠ dscp"), outcome.err());
        assertEquals("", outcome.out());
    }

    /** Ten clients' datagrams and answers; one client that a rule matches; ten connections. */
    private void record() throws IOException {
        try (Scenario scenario = new Scenario(data, RECORDED)) {
            for (int i = 0; i < 100; i++) {
                long flow = scenario.datagram("dns", "10.0.0." + (1 + i % 10), 1000 + i, 100);
                scenario.reply("dns", flow, 500);
                long matched = scenario.datagram("dns", "10.1.0.1", 1000 + i, 100);
                scenario.reply("dns", matched, 500);
            }
            for (int i = 0; i < 10; i++) {
                long flow = scenario.open("web", "10.0.0.9", 2000 + i);
                scenario.connection(EventKind.CONNECTED, Direction.TO_BACKEND, "web", flow, 0);
                scenario.connection(EventKind.DATA, Direction.TO_BACKEND, "web", flow, 300);
                scenario.connection(EventKind.DATA, Direction.TO_CLIENT, "web", flow, 2000);
                scenario.connection(EventKind.FIN, Direction.TO_BACKEND, "web", flow, 0);
                scenario.connection(EventKind.FIN, Direction.TO_CLIENT, "web", flow, 0);
                scenario.connection(EventKind.CLOSED, Direction.TO_BACKEND, "web", flow, 0);
            }
        }
    }

    private JsonNode diff(String yaml) throws IOException {
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), yaml);
        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate, "--format", "json", "--top", "100");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals("", outcome.err());
        return MAPPER.readTree(outcome.out());
    }

    private static String without(String yaml, String line) {
        String less = yaml.replaceAll("(?m)^.*" + line + ".*\n", "");
        assertFalse(less.equals(yaml));
        return less;
    }

    private static JsonNode row(JsonNode rows, String name, String direction) {
        for (JsonNode row : rows) {
            boolean isNamed = name == null || name.equals(row.path("name").asText());
            if (isNamed
                    && (direction == null
                            || direction.equals(row.path("direction").asText()))) {
                return row;
            }
        }
        throw new AssertionError(name + " " + direction + " is not in " + rows);
    }

    private static List<String> list(JsonNode rows, String field) {
        List<String> values = new ArrayList<>();
        rows.forEach(row -> values.add(row.get(field).asText()));
        return values;
    }

    private static List<String> texts(JsonNode texts) {
        List<String> values = new ArrayList<>();
        texts.forEach(text -> values.add(text.asText()));
        return values;
    }
}
