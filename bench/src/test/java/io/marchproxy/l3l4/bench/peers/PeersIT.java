package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison for real, as short as one can be: nginx, haproxy and ours, by wrk and by a flood of UDP. */
class PeersIT {
    /** As {@code --quick --only=wrk1,udp64} has it, as far as peers go: without --spin and --journal. */
    private static final Plan ASKED_FOR = new Plan(List.of(Kind.WRK1, Kind.UDP64), 1, 1, 1, 0, "", false);

    @BeforeEach
    void requireTheMachine() throws IOException {
        QuickRun.require(2, List.of("ip", "nginx", "haproxy", "iperf3", "wrk"));
    }

    @Test
    void shouldMeasureAllAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        Path json = folder.resolve("raw.json");
        Path markdown = folder.resolve("table.md");

        QuickRun run = QuickRun.of(new PeersCommand(), "--only=wrk1,udp64", "--json=" + json, "--markdown=" + markdown);

        Results results = RunJson.read(json).results();
        for (Kind kind : List.of(Kind.WRK1, Kind.UDP64)) {
            Metric figure = kind == Kind.WRK1 ? Metric.RATE : Metric.FORWARDED;
            for (Peer peer : kind.group().peers()) {
                if (ASKED_FOR.asksFor(peer)) {
                    Spread spread = results.spread(kind, figure, peer).orElseThrow();
                    assertTrue(spread.median() > 0, kind + " " + peer + " " + spread);
                }
            }
        }
        String raw = run.err()
                .lines()
                .filter(line -> line.startsWith("raw values: "))
                .findFirst()
                .orElseThrow()
                .substring(12);
        Path log = Comparison.log(Path.of(raw), Kind.WRK1, Peer.OURS);
        try (HistogramLogReader rounds = new HistogramLogReader(log.toFile())) {
            assertTrue(((Histogram) rounds.nextIntervalHistogram()).getTotalCount() > 0);
            assertNull(rounds.nextIntervalHistogram(), "there is one round, and the one that warms up does not count");
        }
        assertTrue(run.out().contains("ours against it"), run.out());
        assertTrue(Files.readString(markdown).contains("### Aims"));
        assertNoProgramIsLeft();
    }

    private static void assertNoProgramIsLeft() {
        Set<String> left = ProcessHandle.current()
                .descendants()
                .flatMap(process -> process.info().command().stream())
                .filter(command -> command.matches(".*/(nginx|haproxy|iperf3|wrk)"))
                .collect(Collectors.toSet());
        assertEquals(Set.of(), left);
    }
}
