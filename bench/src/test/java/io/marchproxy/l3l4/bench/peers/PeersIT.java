package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
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
import picocli.CommandLine;

/** A comparison for real, as short as one can be: nginx, haproxy and ours, by wrk and by a flood of UDP. */
class PeersIT {
    /** As {@code --quick --only=wrk1,udp64} has it, as far as peers go: without --spin and --journal. */
    private static final Plan ASKED_FOR = new Plan(List.of(Kind.WRK1, Kind.UDP64), 1, 1, 1, 0, "", false);

    /** Skips, and fails under CI, where the machine lacks what it takes. */
    @BeforeEach
    void requireTheMachine() throws IOException {
        boolean fit = Proc.isRoot()
                && Proc.allowedCpus().size() > 1
                && Programs.missing(List.of("ip", "nginx", "haproxy", "iperf3", "wrk"))
                        .isEmpty();
        assertTrue(fit || !Boolean.parseBoolean(System.getenv("CI")), "under CI a skip is a failure");
        assumeTrue(fit, "needs root, two CPUs and the programs of .ci/packages");
    }

    @Test
    void shouldMeasureAllAndLeaveNothingBehind(@TempDir Path folder) throws Exception {
        Path json = folder.resolve("raw.json");
        Path markdown = folder.resolve("table.md");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int code = new CommandLine(new PeersCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute("--quick", "--only=wrk1,udp64", "--json=" + json, "--markdown=" + markdown);

        assertEquals(0, code, err.toString());
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
        String raw = err.toString()
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
        assertTrue(out.toString().contains("ours against it"), out.toString());
        assertTrue(Files.readString(markdown).contains("### Aims"));
        assertNothingIsLeft();
    }

    private static void assertNothingIsLeft() throws Exception {
        String own = "pl34-" + ProcessHandle.current().pid() + "-peers";
        assertFalse(Programs.run(List.of("ip", "netns", "list")).contains(own));
        Set<String> left = ProcessHandle.current()
                .descendants()
                .flatMap(process -> process.info().command().stream())
                .filter(command -> command.matches(".*/(nginx|haproxy|iperf3|wrk)"))
                .collect(Collectors.toSet());
        assertEquals(Set.of(), left);
    }
}
