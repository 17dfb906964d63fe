package io.marchproxy.l3l4.bench.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.bench.BenchFolder;
import io.marchproxy.l3l4.bench.Machine;
import io.marchproxy.l3l4.bench.workload.Workload;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateTest {
    private static final String CPU = "some processor";

    private int measured;

    @Test
    void shouldPassWhatIsWithinItsTolerance() throws Exception {
        Finding finding = judge(CPU, List.of(run("mark", 1.19))).getFirst();

        assertFalse(finding.isSlower());
        assertEquals(19, finding.changePercent(), 1e-9);
        assertEquals("ok", finding.verdict());
        assertEquals(1, measured);
    }

    @Test
    void shouldFailWhatIsSlowerInEveryRun() throws Exception {
        Finding finding = judge(CPU, List.of(run("mark", 1.30), run("mark", 1.28), run("mark", 1.33)))
                .getFirst();

        assertTrue(finding.isSlower());
        assertEquals(1.28, finding.measured().ratio());
        assertEquals("SLOWER", finding.verdict());
    }

    @Test
    void shouldAcquitASuspectThatWasOnlyDisturbed() throws Exception {
        Finding finding =
                judge(CPU, List.of(run("mark", 1.60), run("mark", 1.02))).getFirst();

        assertFalse(finding.isSlower());
        assertEquals("ok (run 2)", finding.verdict());
    }

    @Test
    void shouldLetASecondRunAccuseNobodyWhoWasInnocentInTheFirst() throws Exception {
        SortedMap<String, Measured> first = run("mark", 1.5);
        first.put("route", new Measured(1.0, 5));
        SortedMap<String, Measured> second = run("mark", 1.1);
        second.put("route", new Measured(1.9, 9));

        List<Finding> findings = judge(CPU, List.of(first, second));

        assertFalse(findings.getFirst().isSlower());
        assertFalse(findings.getLast().isSlower());
        assertEquals(1, findings.getLast().runs());
    }

    @Test
    void shouldAskForANewBaselineWhenEverythingIsFasterAgainAndAgain() throws Exception {
        Finding finding = judge(CPU, List.of(run("mark", 0.7), run("mark", 0.71), run("mark", 0.72)))
                .getFirst();

        assertEquals("faster: update the baseline", finding.verdict());
        assertEquals(3, measured);
    }

    @Test
    void shouldNotBelieveARunWhoseKernelWasSlow() throws Exception {
        Finding finding = judge(CPU, List.of(run("mark", 0.65), run("mark", 1.3), run("mark", 1.3), run("mark", 1.3)))
                .getFirst();

        assertTrue(finding.isSlower());
    }

    @Test
    void shouldSayThatAWorkloadHasNoBaselineYetAndPassIt() throws Exception {
        Finding finding = judge(CPU, List.of(run("invented", 9.0))).getFirst();

        assertFalse(finding.isSlower());
        assertEquals("no baseline", finding.verdict());
    }

    @Test
    void shouldFailOnAnotherProcessorOnlyWhatTakesTwiceAsLong() throws Exception {
        assertFalse(judge("another", List.of(run("mark", 1.95))).getFirst().isSlower());
        assertTrue(judge("another", List.of(run("mark", 2.05), run("mark", 2.05), run("mark", 2.05)))
                .getFirst()
                .isSlower());
    }

    @Test
    void shouldBelieveAtOnceThatAnotherProcessorIsFaster() throws Exception {
        measured = 0;
        judge("another", List.of(run("mark", 0.5)));
        assertEquals(1, measured);
    }

    @Test
    void shouldKeepABaselineForEachProcessor(@TempDir Path folder) throws IOException {
        Path first = folder.resolve("baseline.properties");
        assertEquals(first, Baseline.newFileFor(CPU, folder));
        Files.writeString(first, "cpu = " + CPU + "\nmark.ratio = 1\n");
        assertEquals(first, Baseline.fileFor(CPU, folder));
        assertEquals(first, Baseline.newFileFor(CPU, folder));

        assertEquals(first, Baseline.fileFor("Another (family 9)", folder));
        Path second = Baseline.newFileFor("Another (family 9)", folder);
        assertEquals(
                "baseline-another-family-9.properties", second.getFileName().toString());
        Files.writeString(second, "cpu = Another (family 9)\nmark.ratio = 2\n");
        assertEquals(second, Baseline.fileFor("Another (family 9)", folder));
        assertEquals(first, Baseline.fileFor(CPU, folder));
    }

    @Test
    void shouldReadBackTheBaselineThatItWrote(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("baseline.properties");
        Baseline before = new Baseline(CPU, new TreeMap<>(Map.of("mark", new Baseline.Entry(1, 7))));

        SortedMap<String, Measured> measured = run("mark", 1.25);
        measured.put("trace", new Measured(0.5, 3));
        before.updated(measured).write(file);

        Baseline after = Baseline.read(file);
        assertEquals(Machine.here().cpu(), after.cpu());
        assertEquals(new Baseline.Entry(1.25, 7), after.entries().get("mark"));
        assertEquals(
                new Baseline.Entry(0.5, Baseline.TOLERANCE_PERCENT),
                after.entries().get("trace"));
    }

    @Test
    void shouldRefuseABaselineThatIsNoNumber(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("baseline.properties");
        Files.writeString(file, "mark.ratio = fast\n");

        assertThrows(IOException.class, () -> Baseline.read(file));
    }

    @Test
    void shouldHaveABaselineForEachWorkload() throws IOException {
        Baseline committed = Baseline.read(BenchFolder.find().resolve("baseline.properties"));
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(GateWorkloads.all(arena).keySet(), committed.entries().keySet());
        }
    }

    @Test
    void shouldPlantExactlyTheSlowDownThatIsAskedFor() {
        int[] done = {0};
        Workload slowed = new Slowed(
                () -> {
                    done[0]++;
                    return Workload.BATCH;
                },
                30);

        for (int i = 0; i < 1_000; i++) {
            assertEquals(Workload.BATCH, slowed.batch());
        }

        assertEquals(1_300, done[0]);
    }

    /** Real time, but a ratio of the same work done twice over to once: far from where noise could reach. */
    @Test
    void shouldSeeWorkDoneTwiceAsTwiceTheRatio() {
        SortedMap<String, Workload> workloads = new TreeMap<>();
        workloads.put("once", new Slowed(new Calibration(), 0));
        workloads.put("twice", new Slowed(new Calibration(), 100));

        SortedMap<String, Measured> measured = new RatioMeter(100_000_000, 100_000, 51).measure(workloads);

        double ratio = measured.get("twice").ratio() / measured.get("once").ratio();
        assertTrue(ratio > 1.5 && ratio < 2.5, "ratio " + ratio);
    }

    @Test
    void shouldRefuseToMeasureWhatDoesNotDoItsWork() {
        SortedMap<String, Workload> workloads = new TreeMap<>(Map.of("idle", () -> 0));

        assertThrows(IllegalStateException.class, () -> new RatioMeter(1, 1, 1).measure(workloads));
    }

    private List<Finding> judge(String cpu, List<SortedMap<String, Measured>> runs) throws Exception {
        Deque<SortedMap<String, Measured>> next = new ArrayDeque<>(runs);
        SortedMap<String, Baseline.Entry> entries = new TreeMap<>();
        entries.put("mark", new Baseline.Entry(1.0, 20));
        entries.put("route", new Baseline.Entry(1.0, 20));
        return new Gate(() -> runs(next), new Baseline(CPU, entries), cpu).judge();
    }

    private SortedMap<String, Measured> runs(Deque<SortedMap<String, Measured>> next) {
        measured++;
        return next.removeFirst();
    }

    private static SortedMap<String, Measured> run(String name, double ratio) {
        SortedMap<String, Measured> run = new TreeMap<>();
        run.put(name, new Measured(ratio, 5));
        return run;
    }
}
