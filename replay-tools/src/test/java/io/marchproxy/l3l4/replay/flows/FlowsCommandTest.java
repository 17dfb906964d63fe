package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.replay.SyntheticFlows;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.Tools.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlowsCommandTest {
    private static final int DATAGRAMS = 10_000;
    private static final int CLIENTS = 1_000;
    private static final int LENGTH = 64;

    @TempDir
    Path data;

    @Test
    void shouldShowAFlowWithItsSums() throws IOException {
        record(Mode.FLOWS);

        Outcome outcome = Tools.run("flows", data, "src", "port", "1024");

        assertEquals(0, outcome.exitCode(), outcome::toString);
        List<String> lines = outcome.out().lines().toList();
        assertEquals(3, lines.size(), outcome.out());
        String flow = lines.get(1).replaceAll(" +", " ");
        assertTrue(flow.contains(" udp 10.0.0.1:1024 127.0.0.1:53 dns P2 18 "), flow);
        assertTrue(flow.endsWith(" 10 640B 0 0B 0 idle"), flow);
        assertEquals("1 flows, 640 bytes to backends, 0 bytes to clients, 0 packets dropped", lines.get(2));
    }

    /** In the mode flows a living flow is known as of its last record. */
    @Test
    void shouldShowFlowsThatLiveStillAsLastRecorded() throws IOException {
        SyntheticFlows.record(data, Mode.FLOWS, DATAGRAMS, false);

        List<Map<String, Object>> flows = json("flows", data, "end", "open", "--format", "json");

        assertEquals(CLIENTS, flows.size());
        assertEquals(1L, flows.getFirst().get("packets_to_backend"));
    }

    @Test
    void shouldFindTheSameFlowsInRecordedPackets() throws IOException {
        Path flows = Files.createDirectory(data.resolve("flows"));
        Path packets = Files.createDirectory(data.resolve("packets"));
        SyntheticFlows.record(flows, Mode.FLOWS, DATAGRAMS, true);
        SyntheticFlows.record(packets, Mode.PACKETS, DATAGRAMS, true);

        List<Map<String, Object>> ofFlows = json("flows", flows, "--format", "json");
        List<Map<String, Object>> ofPackets = json("flows", packets, "--format", "json");

        for (List<Map<String, Object>> some : List.of(ofFlows, ofPackets)) {
            some.forEach(flow -> List.of("session", "start", "end").forEach(flow::remove));
        }
        assertEquals(CLIENTS, ofPackets.size());
        assertEquals(ofFlows, ofPackets);
    }

    /** What was counted before the checkpoint stands in the flow table that it holds. */
    @Test
    void shouldTellWholeFlowsThoughTheJournalsBeginWasDeleted() throws IOException {
        int datagrams = SyntheticFlows.recordFiles(data, Mode.PACKETS, 3);
        deleteFirstFile();

        List<Map<String, Object>> flows = json("flows", data, "--format", "json");

        assertEquals(CLIENTS, flows.size());
        assertEquals(
                datagrams,
                flows.stream()
                        .mapToLong(flow -> (long) flow.get("packets_to_backend"))
                        .sum());
        assertTrue(flows.stream().allMatch(flow -> flow.get("end_reason").equals("idle")));
    }

    @Test
    void shouldTellFlowsOfFilesWhoseSessionsBeginWasDeleted() throws IOException {
        SyntheticFlows.recordFiles(data, Mode.FLOWS, 3);
        int before = json("flows", data, "--format", "json").size();
        deleteFirstFile();

        Outcome outcome = Tools.run("flows", data, "--format", "csv");

        assertEquals("", outcome.err());
        List<String> flows = outcome.out().lines().skip(1).toList();
        assertTrue(flows.size() > before / 3 && flows.size() < before, flows.size() + " of " + before);
        assertTrue(flows.stream().allMatch(flow -> flow.contains(",dns,P2,18,")), flows.getFirst());
    }

    private void deleteFirstFile() throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("journal/shard-0"))) {
            Files.delete(files.filter(file -> file.toString().endsWith(".cq4"))
                    .sorted()
                    .findFirst()
                    .orElseThrow());
        }
    }

    @Test
    void shouldTellFlowsThatLiveStillInRecordedPackets() throws IOException {
        SyntheticFlows.record(data, Mode.PACKETS, DATAGRAMS, false);

        List<Map<String, Object>> flows = json("flows", data, "end", "open", "--format", "json");

        assertEquals(CLIENTS, flows.size());
        assertEquals(10L, flows.getFirst().get("packets_to_backend"));
    }

    /** The service marked otherwise than its journal was told: what can't be repeated is not told as if it could. */
    @Test
    void shouldNotTellFlowsOfWhatCanNotBeRepeated() throws IOException {
        SyntheticFlows.recordALie(data, 10);

        Outcome outcome = Tools.run("flows", data);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertTrue(outcome.err().contains("can't be repeated as it was recorded"), outcome.err());
    }

    @Test
    void shouldSayTheSameInEveryFormat() throws Exception {
        record(Mode.FLOWS);
        Path file = data.resolve("flows.parquet");

        List<Map<String, Object>> json = json("flows", data, "--format", "json", "--host", "proxy-1");
        Outcome csv = Tools.run("flows", data, "--format", "csv", "--host", "proxy-1");
        Outcome parquet = Tools.run("flows", data, "--format", "parquet", "--output", file, "--host", "proxy-1");

        assertEquals(0, parquet.exitCode(), parquet::toString);
        assertEquals("", parquet.out());
        assertEquals(CLIENTS, json.size());
        assertEquals(CLIENTS + 1, csv.out().lines().count());
        List<String> columns = new ArrayList<>(List.of("host"));
        Arrays.stream(FlowColumn.values()).map(FlowColumn::label).forEach(columns::add);
        assertEquals(String.join(",", columns), csv.out().lines().findFirst().orElse(""));
        assertEquals(columns, List.copyOf(json.getFirst().keySet()));
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:")) {
            assertEquals(
                    List.of("proxy-1", "1000", Long.toString(DATAGRAMS * (long) LENGTH), "10000", "10.0.0.1"),
                    row(
                            duckdb,
                            "select any_value(host), count(*), sum(bytes_to_backend), sum(packets_to_backend),"
                                    + " any_value(client_address) from '" + file + "'"));
            assertEquals(
                    List.of("TIMESTAMP WITH TIME ZONE", "BIGINT", "VARCHAR", "VARCHAR", "BIGINT"),
                    row(
                            duckdb,
                            "select typeof(start), typeof(duration_ns), typeof(client_address), typeof(end_reason),"
                                    + " typeof(dscp) from '" + file + "' limit 1"));
            for (Map<String, Object> flow : json.subList(0, 20)) {
                assertEquals(
                        List.of(
                                flow.get("start"),
                                flow.get("end"),
                                flow.get("duration_ns").toString()),
                        row(
                                duckdb,
                                "select strftime(start at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),"
                                        + " strftime(\"end\" at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), duration_ns from '"
                                        + file + "' where client_port = " + flow.get("client_port")));
            }
            assertEquals(
                    List.of("1000"),
                    row(
                            duckdb,
                            "select count(*) from '" + file
                                    + "' where provider is null and rule is null and end_reason = 'idle'"));
        }
    }

    @Test
    void shouldPackRowsInGroupsOfABoundedSize() throws Exception {
        Path file = data.resolve("many.parquet");
        RandomFlows random = new RandomFlows(1);
        long bytes = 0;
        try (FlowParquet out = new FlowParquet(file, null)) {
            for (int i = 0; i < 260_000; i++) {
                Flow flow = random.next();
                bytes += flow.bytes();
                out.write(flow);
            }
        }
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:")) {
            assertEquals(
                    List.of("260000", Long.toString(bytes)),
                    row(duckdb, "select count(*), sum(bytes_to_backend + bytes_to_client) from '" + file + "'"));
            assertEquals(
                    List.of("2", "250000", "GZIP"),
                    row(
                            duckdb,
                            "select count(distinct row_group_id), max(row_group_num_rows), any_value(compression) from"
                                    + " parquet_metadata('" + file + "')"));
        }
    }

    @Test
    void shouldSortAndTakeTheFirst() throws IOException {
        record(Mode.FLOWS);

        List<Map<String, Object>> sorted =
                json("flows", data, "--sort", "client", "--reverse", "--top", "3", "--format", "json");

        assertEquals(
                List.of(2023L, 2022L, 2021L),
                sorted.stream().map(flow -> flow.get("client_port")).toList());
        assertEquals(3, json("flows", data, "--top", "3", "--format", "json").size());
    }

    @Test
    void shouldWriteToAFile() throws IOException {
        record(Mode.FLOWS);
        Path file = data.resolve("flows.csv");

        assertEquals(0, Tools.run("flows", data, "--format", "csv", "-o", file).exitCode());

        assertEquals(CLIENTS + 1, Files.readAllLines(file).size());
    }

    @Test
    void shouldTakeATimeAlone() throws IOException {
        record(Mode.FLOWS);

        assertEquals(
                CLIENTS,
                json("flows", data, "--from", "-1h", "--format", "json").size());
        assertEquals(
                0,
                json("flows", data, "--from", "2100-01-01T00:00:00Z", "--format", "json")
                        .size());
        assertEquals(
                0, json("flows", data, "--to", "2020-01-01", "--format", "json").size());
        assertEquals(
                CLIENTS, json("flows", data, "--to", "+1h", "--format", "json").size());
    }

    @Test
    void shouldTellSessionsApart() throws IOException {
        record(Mode.FLOWS);
        record(Mode.FLOWS);

        List<Map<String, Object>> flows = json("flows", data, "--format", "json");

        assertEquals(2 * CLIENTS, flows.size());
        assertEquals(
                2, flows.stream().map(flow -> flow.get("session")).distinct().count());
    }

    /** The second start's counters go on from the first's; a sum over both must count each packet once. */
    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"FLOWS", "PACKETS"})
    void shouldCountOnceWhatASessionThatGoesOnHadCounted(Mode mode) throws IOException {
        SyntheticFlows.recordTwoStarts(data, mode, DATAGRAMS);

        List<Map<String, Object>> flows = json("flows", data, "--format", "json");

        assertEquals(2 * CLIENTS, flows.size());
        for (Map<String, Object> flow : flows) {
            assertEquals(10L, flow.get("packets_to_backend"), flow::toString);
            assertEquals(10L * LENGTH, flow.get("bytes_to_backend"), flow::toString);
            assertEquals(0L, flow.get("dropped_packets"), flow::toString);
        }
        assertEquals(
                CLIENTS,
                flows.stream()
                        .filter(flow -> (long) flow.get("duration_ns") >= 900_000_000L)
                        .count(),
                "those that went on began before the start");
    }

    /** The wall clock says the same of two starts when it was set back between them. */
    @ParameterizedTest
    @EnumSource(
            value = Mode.class,
            names = {"FLOWS", "PACKETS"})
    void shouldTellSessionsOfOneMomentApart(Mode mode) throws IOException {
        InstantSource stopped = InstantSource.fixed(Instant.parse("2026-11-26T12:00:00Z"));
        SyntheticFlows.recordUnended(data, mode, CLIENTS, stopped);
        SyntheticFlows.recordUnended(data, mode, CLIENTS, stopped);

        List<Map<String, Object>> flows = json("flows", data, "--format", "json");

        assertEquals(
                2 * CLIENTS,
                flows.stream()
                        .filter(flow -> flow.get("end_reason").equals("open"))
                        .count());
    }

    @ParameterizedTest
    @ValueSource(strings = {"table", "csv", "json", "parquet"})
    void shouldLeaveAFileAsItWasWhenTheJournalCanNotBeRead(String format) throws IOException {
        Path folder = Files.createDirectory(data.resolve("results"));
        Path file = Files.writeString(folder.resolve("flows"), "of yesterday");
        SyntheticFlows.recordALie(data, 10);

        Outcome outcome = Tools.run("flows", data, "--format", format, "--output", file);

        assertEquals(2, outcome.exitCode(), outcome::toString);
        assertEquals("of yesterday", Files.readString(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void shouldSayWhatIsWrong() throws IOException {
        record(Mode.FLOWS);

        Outcome filter = Tools.run("flows", data, "port", "web");
        assertEquals(2, filter.exitCode());
        assertTrue(filter.err().startsWith("filter: web is neither a port nor a range of ports"), filter.err());
        assertTrue(filter.err().contains("\n  port web\n       ^\n"), filter.err());
        assertTrue(Tools.run("flows", data, "--sort", "size").err().startsWith("--sort is one of start, end, "));
        assertTrue(Tools.run("flows", data, "--format", "parquet").err().startsWith("--format parquet needs --output"));
        assertTrue(Tools.run("flows", data, "--reverse").err().startsWith("--reverse needs --sort or --top"));
        assertTrue(Tools.run("flows", data, "--top", "-1").err().startsWith("--top must not be negative"));
        Outcome nothing = Tools.run("flows", data.resolve("nowhere"));
        assertEquals(2, nothing.exitCode());
        assertTrue(nothing.err().contains("nowhere is not there"), nothing.err());
        assertFalse(nothing.err().contains("\tat "), nothing.err());
    }

    private void record(Mode mode) throws IOException {
        SyntheticFlows.record(data, mode, DATAGRAMS, true);
    }

    private static List<Map<String, Object>> json(Object... arguments) throws IOException {
        Outcome outcome = Tools.run(arguments);
        assertEquals(0, outcome.exitCode(), outcome::toString);
        List<Map<String, Object>> flows = new ArrayList<>();
        try (JsonParser json = new JsonFactory().createParser(outcome.out())) {
            assertEquals(JsonToken.START_ARRAY, json.nextToken());
            while (json.nextToken() == JsonToken.START_OBJECT) {
                Map<String, Object> flow = new LinkedHashMap<>();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    flow.put(
                            name,
                            switch (json.nextToken()) {
                                case VALUE_STRING -> json.getText();
                                case VALUE_NUMBER_INT -> json.getLongValue();
                                default -> "null";
                            });
                }
                flows.add(flow);
            }
        }
        return flows;
    }

    private static List<String> row(Connection duckdb, String sql) throws SQLException {
        try (Statement statement = duckdb.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            assertTrue(result.next(), sql);
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                row.add(result.getString(i));
            }
            return row;
        }
    }
}
