package io.marchproxy.l3l4.bench.peers.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Path;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoundLogTest {
    @TempDir
    Path folder;

    @Test
    void shouldHaveALineForEachRound() throws IOException {
        Path file = folder.resolve("log.hlog");
        for (int round = 1; round <= 2; round++) {
            Histogram latencies = new Histogram(3);
            latencies.recordValueWithCount(1_000L * round, round);
            RoundLog.add(file, "udp64-latency", latencies, 1_700_000_000_000L + round, 1_700_000_002_000L + round);
        }

        try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
            for (int round = 1; round <= 2; round++) {
                EncodableHistogram line = reader.nextIntervalHistogram();
                assertEquals("udp64-latency", line.getTag());
                assertEquals(1_700_000_000_000L + round, line.getStartTimeStamp());
                assertEquals(1_700_000_002_000L + round, line.getEndTimeStamp());
                assertEquals(round, ((Histogram) line).getTotalCount());
            }
            assertNull(reader.nextIntervalHistogram());
        }
    }
}
