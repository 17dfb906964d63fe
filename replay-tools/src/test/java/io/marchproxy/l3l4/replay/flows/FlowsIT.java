package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.replay.SyntheticFlows;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.Traffic;
import io.marchproxy.l3l4.replay.Traffic.Client;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real service under real traffic: the flows in its journal are what the clients counted, to the byte, each way. */
class FlowsIT {
    private static final int DATAGRAMS = 4_000;

    @TempDir
    Path data;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: run-to-completion, shards: 2, journal: { mode: flows }",
                "mode: pipelined, shards: 1, journal: { mode: flows }",
                "mode: run-to-completion, shards: 2, journal: { mode: packets }",
                "mode: pipelined, shards: 1, journal: { mode: packets }"
            })
    void shouldAgreeWithWhatTheClientsCounted(String engine) throws Exception {
        List<Client> sent;
        try (Traffic traffic = new Traffic(data, engine, "")) {
            sent = new ArrayList<>(traffic.send(DATAGRAMS));
            traffic.settled();
        }
        Path file = data.resolve("flows.parquet");

        Tools.Outcome outcome = Tools.run("flows", data, "--format", "parquet", "--output", file);

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals("", outcome.err());
        List<Client> recorded = new ArrayList<>();
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duckdb.createStatement();
                ResultSet rows = statement.executeQuery("select * from '" + file + "'")) {
            while (rows.next()) {
                boolean isTcp = rows.getString("protocol").equals("tcp");
                assertEquals(isTcp ? "web" : "dns", rows.getString("service"));
                assertEquals(isTcp ? "P1" : "P0", rows.getString("class"));
                assertEquals(isTcp ? 34 : 46, rows.getInt("dscp"));
                assertEquals(isTcp ? "a" : "b", rows.getString("backend"));
                assertEquals(isTcp ? "aws" : "gcp", rows.getString("provider"));
                assertEquals(isTcp ? "us-east-1" : "europe-west4", rows.getString("region"));
                assertEquals("127.0.0.1", rows.getString("client_address"));
                assertEquals("closed", rows.getString("end_reason"));
                assertEquals(rows.getLong("bytes_to_backend"), rows.getLong("bytes_to_client"));
                assertEquals(0, rows.getLong("dropped_packets"));
                recorded.add(new Client(
                        rows.getString("protocol"),
                        rows.getInt("client_port"),
                        isTcp ? 0 : rows.getLong("packets_to_client"),
                        rows.getLong("bytes_to_backend")));
            }
        }
        Comparator<Client> order = Comparator.comparing(Client::protocol)
                .thenComparingInt(Client::port)
                .thenComparingLong(Client::bytes);
        sent.sort(order);
        recorded.sort(order);
        assertEquals(sent, recorded);
    }

    /** As it is started by users: Hadoop, which the tests have on their class path, is not there. */
    @Test
    void shouldWriteParquetAsItIsInstalled() throws Exception {
        SyntheticFlows.record(data, Mode.FLOWS, 2_000, true);
        Path file = data.resolve("flows.parquet");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("project.root"), "bin", "replay-tools")
                                .toString(),
                        "flows",
                        data.toString(),
                        "--format",
                        "parquet",
                        "--output",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals(0, process.waitFor(), said);
        assertEquals("", said);
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duckdb.createStatement();
                ResultSet rows = statement.executeQuery("select sum(packets_to_backend) from '" + file + "'")) {
            rows.next();
            assertEquals(2_000, rows.getLong(1));
        }
    }
}
