package io.marchproxy.l3l4.engine.latency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.latency.LatencyLogStatus.State;
import io.marchproxy.l3l4.engine.shard.LatencyPoint;
import io.marchproxy.l3l4.engine.shard.TestLatency;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up: logging stops, says so, counts, leaves a reserve and whole lines, and goes on when there is room. */
@RequiresRoot
class LatencyDiskFullIT {
    private static final long START_MS = 1_795_702_400_000L;
    private static final int BALLAST_BYTES = 8 << 20;

    @TempDir
    Path mountPoint;

    private final SplittableRandom random = new SplittableRandom(3);
    private final TestLatency shard = new TestLatency();
    private int second;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=16m", "none", mountPoint.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", mountPoint.toString());
        shard.close();
    }

    @Test
    void shouldStopWhenTheDiskIsFullAndGoOnWhenThereIsRoom() throws Exception {
        Path ballast = Files.write(mountPoint.resolve("ballast"), new byte[BALLAST_BYTES]);
        Path folder = mountPoint.resolve("latency");
        ShardLatencyLog log = new ShardLatencyLog(folder, 0, shard.latency(), 1L << 40);
        while (log.status().state() == State.WRITING) {
            second(log);
            assertTrue(second < 10_000, "the disk does not fill up");
        }
        assertEquals(State.DISK_FULL, log.status().state());
        assertTrue(mountPoint.toFile().getUsableSpace() >= 3 << 20, "a reserve is left to others");
        second(log);
        assertEquals(2, log.status().lostLines());
        long written = log.status().lines();

        Files.delete(ballast);
        second(log);
        log.close();

        assertEquals(written + 1, log.status().lines());
        long lines = 0;
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
                    while (reader.hasNext()) {
                        assertEquals(
                                100_000, ((org.HdrHistogram.Histogram) reader.nextIntervalHistogram()).getTotalCount());
                        lines++;
                    }
                }
            }
        }
        assertEquals(log.status().lines(), lines);
    }

    /** As many different times as a line can hold, so that it is long. */
    private void second(ShardLatencyLog log) {
        for (int i = 0; i < 100_000; i++) {
            shard.latency().at(LatencyPoint.TOTAL).record(random.nextLong(1L << random.nextInt(1, 40)), 1);
        }
        log.write(START_MS + second * 1_000L, START_MS + ++second * 1_000L);
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }
}
