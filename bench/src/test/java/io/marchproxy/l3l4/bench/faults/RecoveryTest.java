package io.marchproxy.l3l4.bench.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RecoveryTest {
    private static final long MS = 1_000_000;
    private static final long FAULT = 1_000 * MS;
    private static final long THERE = 1_005 * MS;

    @Test
    void shouldTellFirstAnswerLastSuffererAndWhatWasLost() {
        List<Request> requests = List.of(
                request(900, 901, "A"),
                request(998, 1_300, ""),
                request(1_003, 1_200, ""),
                request(1_010, 1_450, ""),
                request(1_400, 1_402, "B"),
                request(1_395, 1_520, "B"),
                request(1_410, 1_411, "B"));
        assertEquals(new Recovery(THERE - FAULT, 402 * MS, 395 * MS, 1, 2), Recovery.of(requests, FAULT, THERE, "B"));
    }

    @Test
    void shouldSayNeverWhenTheOtherNeverAnswers() {
        List<Request> requests = List.of(request(1_010, 1_450, ""));
        assertEquals(Recovery.NEVER, Recovery.of(requests, FAULT, THERE, "B").firstNs());
    }

    @Test
    void shouldBeOverOnceEnoughInARowAreServedAsBefore() {
        List<Request> requests = new ArrayList<>(List.of(request(1_010, 1_012, "A")));
        for (int i = 0; i < Recovery.IN_A_ROW; i++) {
            assertFalse(Recovery.isOver(requests, FAULT, "B"), "after " + i);
            requests.add(request(1_100 + i, 1_101 + i, "B"));
        }
        assertTrue(Recovery.isOver(requests, FAULT, "B"));
        requests.add(request(1_200, 1_301, "B"));
        assertFalse(Recovery.isOver(requests, FAULT, "B"), "the last one took 101 ms");
    }

    @Test
    void shouldJudgeByTheAim() {
        Recovery quick = new Recovery(MS, 99 * MS, 0, 0, 3);
        Recovery lossy = new Recovery(MS, 99 * MS, 0, 1, 0);
        assertEquals(
                "p99 ≤ 100 ms, none lost: met", figures(FaultKind.KILLED, quick).verdict());
        assertEquals(
                "p99 ≤ 100 ms, none lost: NOT met",
                figures(FaultKind.KILLED, lossy).verdict());
        assertEquals(
                "p99 ≤ 800 ms: NOT met",
                figures(FaultKind.FROZEN, new Recovery(MS, 801 * MS, 0, 0, 0)).verdict());
        assertEquals("no aim", figures(FaultKind.SLOW, lossy).verdict());
    }

    @Test
    void shouldWriteAReportAHistogramLogAndJson(@TempDir Path folder) throws Exception {
        FaultReport report = new FaultReport(
                List.of("a machine"), List.of(figures(FaultKind.FROZEN, new Recovery(MS, 350 * MS, 340 * MS, 4, 1))));
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        assertTrue(text.toString().contains("frozen"), text.toString());
        assertTrue(text.toString().contains("350."), text.toString());
        assertTrue(text.toString().contains("frozen: no difference in 7 events; 2.0 MB on disk"), text.toString());

        report.markdown(folder.resolve("table.md"));
        assertTrue(Files.readString(folder.resolve("table.md")).contains("| frozen | 1 | 350."));
        report.json(folder.resolve("raw.json"));
        assertTrue(Files.readString(folder.resolve("raw.json")).contains("\"first_ns\" : 350000000"));

        report.hlog(folder.resolve("faults.hlog"), 1_000, 2_000);
        try (HistogramLogReader reader =
                new HistogramLogReader(folder.resolve("faults.hlog").toFile())) {
            Histogram first = (Histogram) reader.nextIntervalHistogram();
            assertEquals("frozen", first.getTag());
            assertTrue(Math.abs(first.getMaxValue() - 350 * MS) < 350_000, first::toString);
            assertEquals("frozen-clean", reader.nextIntervalHistogram().getTag());
        }
    }

    @Test
    void shouldTellARecordingThatDiffersFromOneThatIsNotThere() {
        assertFalse(Verified.NOTHING.differs());
        assertEquals("–", Verified.NOTHING.cell());
        Verified different = new Verified(1, 2_000_000, "shard-0: a difference:");
        assertTrue(different.differs());
        assertEquals("≥ 1", different.cell());
        Verified unreadable = new Verified(2, 0, "shard-0: nothing in it can be verified");
        assertTrue(unreadable.differs());
        assertEquals("?", unreadable.cell());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--faults=0", "--only=thawed", "--nonsense"})
    void shouldRefuseFlagsThatMakeNoSense(String flag) {
        StringWriter err = new StringWriter();
        CommandLine command = new CommandLine(new FaultsCommand()).setErr(new PrintWriter(err, true));
        assertEquals(2, command.execute(flag), err.toString());
    }

    private static FaultFigures figures(FaultKind kind, Recovery recovery) {
        return new FaultFigures(kind, List.of(recovery), new Verified(0, 2_000_000, "no difference in 7 events"));
    }

    private static Request request(long startedMs, long endedMs, String by) {
        return new Request(startedMs * MS, endedMs * MS, by);
    }
}
