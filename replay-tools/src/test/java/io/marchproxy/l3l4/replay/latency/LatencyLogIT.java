package io.marchproxy.l3l4.replay.latency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.latency.LatencyLogStatus;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.Traffic;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real service under real traffic: what its latency log counts is what its books count. */
class LatencyLogIT {
    private static final int DATAGRAMS = 10_000;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);

    @TempDir
    Path data;

    @ParameterizedTest
    @ValueSource(strings = {"mode: run-to-completion, shards: 2", "mode: pipelined, shards: 1"})
    void shouldLogEveryPacketsWaitAndEachConnect(String engine) throws Exception {
        StatusReport last;
        try (Traffic traffic =
                new Traffic(data, engine, "observability: { latency: { enabled: true, interval: 100ms } }")) {
            traffic.send(DATAGRAMS);
            last = traffic.settled();
            // A fast machine is through before the first interval is.
            for (long untilNs = System.nanoTime() + PATIENCE_NS;
                    !hasLogged(last) && System.nanoTime() - untilNs < 0; ) {
                last = traffic.settled();
            }
            assertTrue(last.latencyLogs().stream()
                    .allMatch(log -> log.state() == LatencyLogStatus.State.WRITING && log.lines() > 0));
        }
        List<Object> arguments = new ArrayList<>(List.of("latency"));
        last.latencyLogs().forEach(log -> arguments.add(data.resolve("latency/shard-" + log.shard() + ".hlog")));
        arguments.addAll(List.of("--format", "csv"));

        Tools.Outcome outcome = Tools.run(arguments.toArray());

        assertEquals(0, outcome.exitCode(), outcome::toString);
        Map<String, Long> counts = new TreeMap<>();
        outcome.out()
                .lines()
                .skip(1)
                .map(line -> line.split(","))
                .forEach(row -> counts.put(row[1], Long.parseLong(row[4])));
        long packets = last.books().stream()
                .mapToLong(StatusReport.BooksLine::outPackets)
                .sum();
        long connects = last.backends().stream()
                .filter(backend -> backend.protocol().equals("tcp"))
                .mapToLong(StatusReport.BackendStatus::selections)
                .sum();
        assertEquals(packets, counts.get("ring"), outcome.out());
        assertEquals(connects, counts.get("connect"), outcome.out());
        for (String sampled : List.of("classify", "shape", "mark", "route", "trace", "stages", "egress", "total")) {
            assertTrue(counts.getOrDefault(sampled, 0L) > 10, () -> sampled + ": " + outcome.out());
        }
        assertTrue(counts.get("stages") < packets, outcome.out());
    }

    private static boolean hasLogged(StatusReport status) {
        return status.latencyLogs().stream().allMatch(log -> log.lines() > 0);
    }
}
