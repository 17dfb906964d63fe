package io.marchproxy.l3l4.engine.latency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.latency.LatencyLogStatus.State;
import io.marchproxy.l3l4.engine.shard.LatencyPoint;
import io.marchproxy.l3l4.engine.shard.TestLatency;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardLatencyLogTest {
    private static final long START_MS = 1_795_702_400_000L;
    private static final long BUDGET = 80_000;

    @TempDir
    Path folder;

    private final TestLatency shard = new TestLatency();

    @AfterEach
    void close() {
        shard.close();
    }

    @Test
    void shouldWriteALineForEachPointAtWhichAnythingCame() throws IOException {
        ShardLatencyLog log = new ShardLatencyLog(folder, 3, shard.latency(), BUDGET);
        times(LatencyPoint.EGRESS).record(5_000, 2);
        times(LatencyPoint.CONNECT).record(1_000_000, 1);
        log.write(START_MS, START_MS + 1_000);
        times(LatencyPoint.EGRESS).record(7_000, 1);
        log.write(START_MS + 1_000, START_MS + 2_000);
        log.write(START_MS + 2_000, START_MS + 3_000);

        List<Histogram> lines = read(folder.resolve("shard-3.hlog"));
        assertEquals(
                List.of("egress", "connect", "egress"),
                lines.stream().map(Histogram::getTag).toList());
        assertEquals(2, lines.get(0).getCountAtValue(5_000));
        assertEquals(START_MS, lines.get(0).getStartTimeStamp());
        assertEquals(1, lines.get(1).getCountAtValue(1_000_000));
        assertEquals(1, lines.get(2).getTotalCount());
        assertEquals(START_MS + 1_000, lines.get(2).getStartTimeStamp());
        assertEquals(START_MS + 2_000, lines.get(2).getEndTimeStamp());
        assertEquals(new LatencyLogStatus(3, State.WRITING, 3, 0, log.status().diskBytes()), log.status());
        assertEquals(Files.size(folder.resolve("shard-3.hlog")), log.status().diskBytes());
        log.close();
    }

    @Test
    void shouldStayWithinItsBudgetAndKeepTheNewest() throws IOException {
        SplittableRandom random = new SplittableRandom(4);
        ShardLatencyLog log = new ShardLatencyLog(folder, 0, shard.latency(), BUDGET);
        long recorded = 0;
        for (int second = 0; second < 400; second++) {
            for (int i = 0; i < 200; i++) {
                times(LatencyPoint.TOTAL).record(random.nextLong(1L << 34), 1);
                recorded++;
            }
            log.write(START_MS + second * 1_000L, START_MS + (second + 1) * 1_000L);
            assertTrue(log.status().diskBytes() <= BUDGET, () -> "bytes: " + log.status());
        }
        log.close();

        assertEquals(State.CLOSED, log.status().state());
        assertEquals(400, log.status().lines());
        assertTrue(files().size() > 4, () -> files().toString());
        List<Histogram> kept = new ArrayList<>();
        for (Path file : files()) {
            kept.addAll(read(file));
        }
        assertEquals(
                START_MS + 400_000,
                kept.stream().mapToLong(Histogram::getEndTimeStamp).max().orElse(0));
        long counted = kept.stream().mapToLong(Histogram::getTotalCount).sum();
        assertTrue(counted < recorded && counted == kept.size() * 200L, "counted " + counted);
    }

    @Test
    void shouldKeepWhatAnEarlierProcessLogged() throws IOException {
        times(LatencyPoint.EGRESS).record(5_000, 1);
        ShardLatencyLog killed = new ShardLatencyLog(folder, 0, shard.latency(), BUDGET);
        killed.write(START_MS, START_MS + 1_000);
        ShardLatencyLog next = new ShardLatencyLog(folder, 0, shard.latency(), BUDGET);
        next.write(START_MS + 9_000, START_MS + 10_000);
        next.close();

        assertEquals(
                List.of("shard-0.20261126-141330.hlog", "shard-0.hlog"),
                files().stream().map(file -> file.getFileName().toString()).toList());
        assertEquals(1, read(files().getFirst()).size());
    }

    @Test
    void shouldCountWhatItCanNotWriteAndGoOnWhenItCan() throws IOException {
        Path blocked = folder.resolve("latency");
        Files.writeString(blocked, "a file where the folder should be");
        ShardLatencyLog log = new ShardLatencyLog(blocked, 0, shard.latency(), BUDGET);
        times(LatencyPoint.EGRESS).record(1, 1);
        times(LatencyPoint.STAGES).record(1, 1);
        log.write(START_MS, START_MS + 1_000);
        assertEquals(new LatencyLogStatus(0, State.FAILED, 0, 2, 0), log.status());

        Files.delete(blocked);
        times(LatencyPoint.EGRESS).record(9, 1);
        log.write(START_MS + 1_000, START_MS + 2_000);

        assertEquals(State.WRITING, log.status().state());
        assertEquals(1, log.status().lines());
        assertEquals(2, log.status().lostLines());
        assertEquals(9, read(blocked.resolve("shard-0.hlog")).getFirst().getMaxValue());
        log.close();
    }

    private ResidenceTimes times(LatencyPoint point) {
        return shard.latency().at(point);
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Histogram> read(Path file) throws IOException {
        List<Histogram> lines = new ArrayList<>();
        try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
            while (reader.hasNext()) {
                lines.add((Histogram) reader.nextIntervalHistogram());
            }
        }
        return lines;
    }
}
