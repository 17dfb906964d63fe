package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.replay.Tools.Outcome;
import io.marchproxy.l3l4.replay.pcap.CaptureBytes;
import io.marchproxy.l3l4.replay.pcap.Packets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captured packets by their destinations to gateways: recorded, verified, and compared with other routes. */
class GatewaysTest {
    private static final long NOON = 1_700_000_000L;
    private static final int UDP = 17;
    private static final int HEADERS = 28;
    private static final int PACKETS = 10;
    private static final int PAYLOAD = 1_000;
    private static final String CONFIGURATION = """
            engine: { max-flows: 1000 }
            services:
              - name: dns
                listen: udp://10.0.0.2:53
                backends: [ { id: a, address: "10.9.0.1:53" } ]
              - name: transit
                listen: ip://*
                class: P1
                prefix-file: routes.txt
                backends:
                  - { id: east, address: 192.0.2.1, provider: aws, region: us-east-1, cost-per-gb: 90 }
                  - { id: west, address: 192.0.2.2, provider: gcp, region: europe-west4, cost-per-gb: 20, prefixes: "fd00::/64" }
            """;
    private static final List<String> ROUTES = List.of("10.0.0.0/26 east", "10.0.0.128/25 west");

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void write() throws IOException {
        data = folder.resolve("data");
        Files.writeString(folder.resolve("proxy.yaml"), CONFIGURATION);
        Files.write(folder.resolve("routes.txt"), ROUTES);
    }

    /** Ten flows to each of four destinations: by east, by west, by none, and by west over IPv6; and one to the relay. */
    private Path capture() throws IOException {
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(CaptureBytes.ETHERNET);
        long time = 0;
        for (int i = 0; i < PACKETS; i++) {
            byte[] content = Packets.udp(1000 + i, 99, new byte[PAYLOAD]);
            for (int to : new int[] {3, 200, 100}) {
                capture.packet(NOON, time++, Packets.ethernet(Packets.ipv4(1, to, UDP, content)));
            }
            capture.packet(NOON, time++, Packets.ethernet(Packets.ipv6(1, 2, UDP, content)));
        }
        capture.packet(NOON, time, Packets.ethernet(Packets.ipv4(1, 2, UDP, Packets.udp(1000, 53, new byte[20]))));
        return Files.write(folder.resolve("capture.pcap"), capture.toArray());
    }

    private Outcome importAll(Object... more) throws IOException {
        Object[] arguments = new Object[6 + more.length];
        System.arraycopy(
                new Object[] {"import-pcap", capture(), "--config", folder.resolve("proxy.yaml"), "--output", data},
                0,
                arguments,
                0,
                6);
        System.arraycopy(more, 0, arguments, 6, more.length);
        return Tools.run(arguments);
    }

    private void assertVerified() {
        Outcome verified = Tools.run("verify", data);
        assertEquals(0, verified.exitCode(), verified::toString);
    }

    private JsonNode diff(String configuration, List<String> routes) throws IOException {
        Path other = Files.createDirectories(folder.resolve("other"));
        Files.writeString(other.resolve("proxy.yaml"), configuration);
        Files.write(other.resolve("routes.txt"), routes);
        Outcome outcome = Tools.run("diff", data, "--config", other.resolve("proxy.yaml"), "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return new ObjectMapper().readTree(outcome.out());
    }

    private static JsonNode row(JsonNode rows, String name) {
        for (JsonNode row : rows) {
            if (row.path("name").asText().equals(name)
                    && row.path("direction").asText().equals("to-backend")) {
                return row;
            }
        }
        throw new AssertionError(name + " is not in " + rows);
    }

    @Test
    void shouldRouteByTheLongestPrefixAndVerifyWithoutTheFile() throws Exception {
        Outcome imported = importAll();
        assertEquals(0, imported.exitCode(), imported::toString);
        assertTrue(
                imported.out().contains("books: in 41 = out 31 + dropped 10 (no-route 10) + held 0"), imported.out());
        Files.delete(folder.resolve("routes.txt"));
        assertVerified();

        JsonNode same = diff(CONFIGURATION, ROUTES);
        assertEquals(0, same.get("changed").asLong(), same::toString);
        JsonNode east = row(same.get("routes"), "transit/ip east").get("before");
        assertEquals(PACKETS, east.get("packets").asLong());
        assertEquals(PACKETS * (PAYLOAD + HEADERS) * 90 / 1e9, east.get("cost").asDouble(), 1e-12);
        JsonNode west = row(same.get("routes"), "transit/ip west").get("before");
        assertEquals(2 * PACKETS, west.get("packets").asLong());
        assertEquals(
                PACKETS * (2 * (PAYLOAD + HEADERS) + 20) * 20 / 1e9,
                west.get("cost").asDouble(),
                1e-12);
    }

    @Test
    void shouldShowTheRoutesAndTheMoneyOfOtherPrefixes() throws Exception {
        importAll();

        JsonNode report = diff(CONFIGURATION, List.of("10.0.0.0/26 west", "10.0.0.128/25 west", "10.0.0.64/26 east"));

        assertEquals(2L * PACKETS, report.get("changed").asLong(), report::toString);
        assertTrue(
                report.get("changes")
                        .toString()
                        .contains("\"before\":\"transit/ip east\",\"after\":\"transit/ip west\""),
                () -> report.get("changes").toString());
        assertTrue(
                report.get("changes").toString().contains("\"before\":\"dropped, no-route\",\"after\":\"forwarded\""),
                () -> report.get("changes").toString());
        double packet = (PAYLOAD + HEADERS) / 1e9;
        JsonNode east = row(report.get("routes"), "transit/ip east");
        assertEquals(PACKETS * packet * 90, east.get("before").get("cost").asDouble(), 1e-12);
        assertEquals(PACKETS * packet * 90, east.get("after").get("cost").asDouble(), 1e-12, "others than before");
        JsonNode west = row(report.get("routes"), "transit/ip west");
        assertEquals(
                PACKETS * packet * 20,
                west.get("after").get("cost").asDouble()
                        - west.get("before").get("cost").asDouble(),
                1e-12);
    }

    @Test
    void shouldCompareARecordingOfGatewaysAlikeWithGatewaysByPrefix() throws Exception {
        Files.writeString(
                folder.resolve("proxy.yaml"), CONFIGURATION.substring(0, CONFIGURATION.indexOf("  - name: transit")));
        Outcome imported = importAll("--gateways", 2);
        assertEquals(0, imported.exitCode(), imported::toString);

        JsonNode report = diff(CONFIGURATION, ROUTES);

        JsonNode transit = row(report.get("services"), "ip/ip");
        assertEquals(4L * PACKETS, transit.get("before").get("packets").asLong(), report::toString);
        assertEquals(3L * PACKETS, transit.get("after").get("packets").asLong(), report::toString);
        assertEquals(0, transit.get("before").get("cost").asDouble());
        assertTrue(transit.get("after").get("cost").asDouble() > 0);
    }

    @Test
    void shouldDropWhatGoesThroughGatewaysThatTheCandidateHasNot() throws Exception {
        importAll();

        JsonNode report = diff(CONFIGURATION.substring(0, CONFIGURATION.indexOf("  - name: transit")), ROUTES);

        assertTrue(report.get("changes").toString().contains("dropped, no-service"), report::toString);
        assertEquals(
                0,
                row(report.get("services"), "transit/ip")
                        .get("after")
                        .get("packets")
                        .asLong());
    }

    @Test
    void shouldRecordManyPrefixes() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            lines.append("10.")
                    .append(i >>> 8 & 127)
                    .append('.')
                    .append(i & 255)
                    .append('.')
                    .append(i >>> 15 << 5)
                    .append("/27 ")
                    .append(i % 3 == 0 ? "east" : "west")
                    .append('\n');
        }
        Files.writeString(folder.resolve("routes.txt"), lines);

        Outcome imported = importAll();

        assertEquals(0, imported.exitCode(), imported::toString);
        assertVerified();
    }

    @Test
    void shouldRefuseGatewaysBesideThoseOfTheConfiguration() throws Exception {
        Outcome refused = importAll("--gateways", 2);

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("--gateways: the configuration has gateways"), refused::toString);
    }

    @Test
    void shouldTellTheFaultsOfAPrefixFile() throws Exception {
        Files.writeString(folder.resolve("routes.txt"), "10.0.0.1/26 east\n");

        Outcome refused = importAll();

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("routes.txt:1: \"10.0.0.1/26\" has bits set"), refused::toString);
    }
}
