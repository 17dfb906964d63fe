package io.marchproxy.l3l4.engine.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.engine.demo.DemoReport.Clients;
import io.marchproxy.l3l4.engine.demo.Scoreboard.Gap;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.engine.testing.Reports;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoReportTest {

    private static final Percentiles TIMES = new Percentiles(1_000, 900, 2_500, 45_000, 3_400_000, 1_200_000_000);
    private static final Gap GOOD_GAP = new Gap(5_000_000, 25_000_000);

    /** Numbers of the clients that may differ between reports. */
    private record Losses(long requests, long bytes, long datagrams, long wrongBytes, long wrongDatagrams) {
        static final Losses NONE = new Losses(0, 0, 0, 0, 0);
    }

    @Test
    void shouldPassWhenNothingIsLost() {
        DemoReport report = report(Losses.NONE, GOOD_GAP, GOOD_GAP, 1_000, 50, 0, 0);

        assertEquals(List.of(), report.faults());
        assertTrue(ReportText.of(report, Path.of("data/demo")).contains("PASSED"));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 0, 0, 0, 1 requests or connections were lost",
        "0, 2, 0, 0, 0, 2 bytes of TCP were lost",
        "0, 0, 3, 0, 0, 3 datagrams were lost",
        "0, 0, 0, 4, 0, 4 bytes of TCP were not those that had been sent",
        "0, 0, 0, 0, 5, 5 datagrams were not those that had been sent"
    })
    void shouldFailForEachKindOfLoss(
            long requests, long bytes, long datagrams, long wrongBytes, long wrongDatagrams, String fault) {
        Losses losses = new Losses(requests, bytes, datagrams, wrongBytes, wrongDatagrams);
        DemoReport report = report(losses, GOOD_GAP, GOOD_GAP, 1_000, 50, 0, 0);

        assertEquals(List.of(fault), report.faults());
        String text = ReportText.of(report, Path.of("data/demo"));
        assertTrue(text.contains("FAILED") && text.contains(fault), text);
        assertFalse(text.contains("PASSED"), text);
    }

    @Test
    void shouldFailWhenFailoverTakesMoreThanASecond() {
        DemoReport report = report(Losses.NONE, new Gap(1, 1_000_000_001), GOOD_GAP, 1_000, 50, 0, 0);

        assertEquals(List.of("TCP failed over in 1,000 ms"), report.faults());
    }

    @Test
    void shouldFailWhenNobodyWasServedAgain() {
        DemoReport report = report(Losses.NONE, GOOD_GAP, Gap.NONE, 1_000, 50, 0, 0);

        assertEquals(List.of("no UDP client of the killed backend was served again"), report.faults());
    }

    @Test
    void shouldFailWhenTheBooksDoNotBalance() {
        DemoReport report = report(Losses.NONE, GOOD_GAP, GOOD_GAP, 1_000, 50, 7, 0);

        assertEquals(
                List.of("the books of tcp, class P3, to-backend do not balance: 7 bytes are missing, 0 held"),
                report.faults());
        assertTrue(ReportText.of(report, Path.of("x")).contains("NOT BALANCED"));
    }

    @ParameterizedTest
    @CsvSource({"899", "1001"})
    void shouldFailWhenTheProxyCountedOtherBytesThanItsClients(long counted) {
        DemoReport report = report(Losses.NONE, GOOD_GAP, GOOD_GAP, counted, 50, 0, 0);

        assertEquals(
                List.of(String.format("the clients sent 1,000 bytes of TCP, the proxy counted %,d", counted)),
                report.faults());
    }

    @Test
    void shouldAllowForBytesThatTheKillCut() {
        assertEquals(
                List.of(),
                report(Losses.NONE, GOOD_GAP, GOOD_GAP, 900, 50, 0, 0).faults());
    }

    @Test
    void shouldFailWhenTheProxyCountedOtherDatagramsThanItsClients() {
        DemoReport report = report(Losses.NONE, GOOD_GAP, GOOD_GAP, 1_000, 49, 0, 0);

        assertEquals(List.of("the clients sent 50 datagrams, the proxy counted 49"), report.faults());
    }

    @Test
    void shouldFailWhenTheProxySurvivedAnError() {
        DemoReport report = report(Losses.NONE, GOOD_GAP, GOOD_GAP, 1_000, 50, 0, 3);

        assertEquals(List.of("3 errors in the proxy that nobody expected"), report.faults());
    }

    @Test
    void shouldWriteTheSameForPrograms() throws Exception {
        Losses losses = new Losses(0, 0, 3, 0, 0);
        JsonNode json = new ObjectMapper().readTree(ReportJson.of(report(losses, GOOD_GAP, GOOD_GAP, 1_000, 50, 0, 0)));

        assertFalse(json.at("/passed").asBoolean());
        assertEquals("3 datagrams were lost", json.at("/faults/0").asText());
        assertEquals(45_000, json.at("/tcp_latency_ns/p99").asLong());
        assertEquals(25_000_000, json.at("/clients/udp_gap_last_ns").asLong());
        assertEquals(1_000, json.at("/books/0/in").asLong());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 ns",
        "999, 999 ns",
        "1000, 1.0 µs",
        "45000, 45 µs",
        "3400000, 3.4 ms",
        "250000000, 250 ms",
        "1200000000, 1.2 s"
    })
    void shouldShowTimesInAUnitThatSuitsThem(long ns, String text) {
        assertEquals(text, ReportText.time(ns));
    }

    private static DemoReport report(
            Losses losses, Gap tcpGap, Gap udpGap, long tcpCounted, long udpCounted, long missing, long errors) {
        Clients clients = new Clients(
                9,
                100,
                1_000,
                950,
                500,
                50,
                48,
                3,
                2,
                100,
                2,
                losses.requests(),
                losses.bytes(),
                losses.datagrams(),
                losses.wrongBytes(),
                losses.wrongDatagrams(),
                tcpGap,
                udpGap);
        List<BooksLine> books = List.of(
                line("tcp", "to-backend", 10, tcpCounted, missing),
                line("tcp", "to-client", 10, 950, 0),
                line("udp", "to-backend", udpCounted, 5_000, 0),
                line("udp", "to-client", 48, 4_800, 0));
        StatusReport status = new StatusReport(
                "0.1.0",
                1,
                "x",
                0,
                0,
                true,
                false,
                "epoll",
                "pipelined",
                errors,
                List.of(),
                List.of(),
                List.of(),
                StatusReport.CloudStatus.NONE,
                List.of(),
                List.of(),
                null,
                books,
                List.of(),
                List.of(),
                Reports.placement());
        return new DemoReport(10, 500, 5, TIMES, TIMES, TIMES, clients, status);
    }

    private static BooksLine line(String protocol, String direction, long packets, long in, long missing) {
        DropLine drop = new DropLine("reset", 1, 10);
        return new BooksLine(
                0,
                "demo",
                protocol,
                "P3",
                direction,
                packets,
                in,
                packets - 1,
                in - 10 - missing,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                List.of(drop));
    }
}
