package io.marchproxy.l3l4.bench.peers.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * The latencies of one measurement with one peer as an HdrHistogram log, a line for each round, in nanoseconds. Peers' logs have the
 * same tag, so that {@code replay-tools latency} compares them. Each line says when it was by itself, and so none needs the head.
 */
public final class RoundLog {
    private RoundLog() {}

    /**
     * Adds a round.
     *
     * @param tag what was measured, without blanks and commas
     * @param startMs wall clock at the round's begin
     */
    public static void add(Path file, String tag, Histogram latencies, long startMs, long endMs) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        HistogramLogWriter lines = new HistogramLogWriter(new PrintStream(text, true, StandardCharsets.UTF_8));
        if (!Files.exists(file)) {
            lines.outputComment("proxy-l3l4 bench peers: nanoseconds; the largest value of a line is in milliseconds");
            lines.outputLogFormatVersion();
            lines.outputLegend();
        }
        latencies.setTag(tag);
        latencies.setStartTimeStamp(startMs);
        latencies.setEndTimeStamp(endMs);
        lines.outputIntervalHistogram(latencies);
        Files.write(file, text.toByteArray(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
