package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Statistics, aims and reports. */
class ResultsTest {

    private static final Aim AGAINST_64K = new Aim(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.NGINX_64K, 1.0, 1.2);

    private final Results results = new Results();

    private void rounds(Kind kind, Metric metric, Peer peer, double... values) {
        for (int i = 0; i < values.length; i++) {
            results.add(new Sample(kind, peer, i + 1, Map.of(metric, values[i])));
        }
    }

    @Test
    void shouldTakeTheMiddleOfRounds() {
        assertEquals(new Spread(3, 1, 9), Spread.of(List.of(9.0, 1.0, 3.0)));
        assertEquals(new Spread(2.5, 1, 9), Spread.of(List.of(9.0, 1.0, 3.0, 2.0)));
    }

    @Test
    void shouldCompareRoundByRound() {
        rounds(Kind.TCP1, Metric.GBITS, Peer.OURS, 30, 10, 22);
        rounds(Kind.TCP1, Metric.GBITS, Peer.NGINX, 15, 5, 20);

        assertEquals(Optional.of(new Spread(2, 1.1, 2)), results.ratio(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.NGINX));
    }

    @Test
    void shouldLeaveOutRoundsThatOnlyOneHasAndDivisionsByNothing() {
        rounds(Kind.UDP64, Metric.LOST, Peer.OURS, 3, 4, 5);
        rounds(Kind.UDP64, Metric.LOST, Peer.NGINX, 0, 2);

        assertEquals(Optional.of(new Spread(2, 2, 2)), results.ratio(Kind.UDP64, Metric.LOST, Peer.OURS, Peer.NGINX));
        assertEquals(Optional.empty(), results.ratio(Kind.UDP64, Metric.LOST, Peer.OURS, Peer.OURS_BARE));
    }

    @Test
    void shouldCountRoundsOnWhenPiecesAreJoined() {
        rounds(Kind.TCP1, Metric.GBITS, Peer.OURS, 1, 2);
        Results more = new Results();
        more.add(new Sample(Kind.TCP1, Peer.OURS, 1, Map.of(Metric.GBITS, 3.0)));
        results.addAll(more);

        assertEquals(Map.of(1, 1.0, 2, 2.0, 3, 3.0), results.rounds(Kind.TCP1, Metric.GBITS, Peer.OURS));
    }

    @Test
    void shouldSayWhenTheLoadIsTheLimit() {
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.DIRECT, 1000, 1000);
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.OURS, 899, 899);
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.NGINX, 901, 900);

        assertFalse(results.isGeneratorBound(Kind.UDP64, Metric.FORWARDED, Peer.OURS));
        assertTrue(results.isGeneratorBound(Kind.UDP64, Metric.FORWARDED, Peer.NGINX));
        assertFalse(results.isGeneratorBound(Kind.UDP64, Metric.FORWARDED, Peer.DIRECT));
    }

    @Test
    void shouldWantMoreWhereTheLoadIsNotTheLimit() {
        rounds(Kind.TCP1, Metric.GBITS, Peer.NGINX_64K, 20);
        rounds(Kind.TCP1, Metric.GBITS, Peer.OURS, 22);

        assertEquals(Aim.Verdict.NOT_MET, AGAINST_64K.verdict(results));
        assertEquals("≥ 1.2×", AGAINST_64K.limitText(results));

        rounds(Kind.TCP1, Metric.GBITS, Peer.DIRECT, 23);

        assertEquals(Aim.Verdict.MET, AGAINST_64K.verdict(results));
        assertEquals("≥ 1.0×", AGAINST_64K.limitText(results));
    }

    @Test
    void shouldJudgeFiguresOfWhichLessIsBetterTheOtherWay() {
        Aim cpu = new Aim(Kind.TCP1, Metric.PROXY_CPU_PER_GB, Peer.OURS, Peer.NGINX_64K, 0.65, 0.65);
        assertEquals(Aim.Verdict.NOT_MEASURED, cpu.verdict(results));
        rounds(Kind.TCP1, Metric.PROXY_CPU_PER_GB, Peer.NGINX_64K, 0.40);
        rounds(Kind.TCP1, Metric.PROXY_CPU_PER_GB, Peer.OURS, 0.25);

        assertEquals(Aim.Verdict.MET, cpu.verdict(results));
        assertEquals("≤ 0.65×", cpu.limitText(results));

        results.add(new Sample(Kind.TCP1, Peer.OURS, 2, Map.of(Metric.PROXY_CPU_PER_GB, 0.3)));
        results.add(new Sample(Kind.TCP1, Peer.NGINX_64K, 2, Map.of(Metric.PROXY_CPU_PER_GB, 0.3)));

        assertEquals(Aim.Verdict.NOT_MET_ALWAYS, cpu.verdict(results));

        results.add(new Sample(Kind.TCP1, Peer.OURS, 3, Map.of(Metric.PROXY_CPU_PER_GB, 0.2)));
        results.add(new Sample(Kind.TCP1, Peer.NGINX_64K, 3, Map.of(Metric.PROXY_CPU_PER_GB, 0.4)));

        assertEquals(Aim.Verdict.MET_MOSTLY, cpu.verdict(results));
    }

    @Test
    void shouldExcuseAMissedAimOnlyByTheLoad() {
        Aim flood = new Aim(Kind.UDP64, Metric.FORWARDED, Peer.OURS, Peer.NGINX, 1.6, 1.6);
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.DIRECT, 1000);
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.OURS, 950);
        rounds(Kind.UDP64, Metric.FORWARDED, Peer.NGINX, 900);

        assertEquals(Aim.Verdict.NOT_MET_BOUND, flood.verdict(results));
    }

    @Test
    void shouldShowALossAsPlainlyAsAWin() {
        rounds(Kind.WRK64, Metric.RATE, Peer.NGINX, 100, 110);
        rounds(Kind.WRK64, Metric.RATE, Peer.HAPROXY, 80, 80);
        rounds(Kind.WRK64, Metric.RATE, Peer.OURS, 90, 70);
        Run run = new Run(List.of("a machine"), results);
        StringWriter text = new StringWriter();
        TextReport.print(new PrintWriter(text, true), run);
        String markdown = MarkdownReport.write(run);

        assertTrue(text.toString().contains("0.77× (0.64 – 0.90) WORSE"), text.toString());
        assertTrue(text.toString().contains("1.00× (0.88 – 1.13) even"), text.toString());
        assertTrue(text.toString().contains("NOT MET"), text.toString());
        assertTrue(markdown.contains("- a machine\n"), markdown);
        assertTrue(
                markdown.contains("| requests/s | nginx | 105 | 100 – 110 | 0.77× (0.64 – 0.90) **worse** |"),
                markdown);
        assertTrue(
                markdown.contains("| wrk, 64 connections | requests/s | ours / nginx | ≥ 1.0× | 0.77× (0.64 – 0.90) |"
                        + " **not met** |"),
                markdown);
        assertTrue(markdown.contains("| not measured |"), markdown);
    }

    @Test
    void shouldReadBackWhatItWrote(@TempDir Path folder) throws IOException {
        rounds(Kind.UDP64_LATENCY, Metric.P99, Peer.OURS_SPIN, 12.5, 13);
        results.add(
                new Sample(Kind.IDLE, Peer.HAPROXY, 1, Map.of(Metric.KB_PER_CONNECTION, 3.5, Metric.MEGABYTES, 40.0)));
        Path file = folder.resolve("raw.json");
        RunJson.write(file, new Run(List.of("one", "two"), results));

        Run read = RunJson.read(file);

        assertEquals(List.of("one", "two"), read.lines());
        assertEquals(results.samples(), read.results().samples());
    }

    @Test
    void shouldRefuseAFileOfSomethingElse(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("x.json"),
                "{ \"samples\": [ { \"kind\": \"tcp9\", \"peer\": \"ours\", \"round\": 1 } ] }");

        IOException e = assertThrows(IOException.class, () -> RunJson.read(file));

        assertTrue(String.valueOf(e.getMessage()).contains("x.json is not a result"), e.getMessage());
    }

    @Test
    void shouldWriteThreeDigitsThatCount() {
        assertEquals("0.35", Figures.text(0.349));
        assertEquals("21.8", Figures.text(21.84));
        assertEquals("219", Figures.text(219.4));
        assertEquals("48,210", Figures.text(48_210.3));
    }
}
