package io.marchproxy.l3l4.engine.latency;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.Reason;
import io.marchproxy.l3l4.engine.journal.DiskSpace;
import io.marchproxy.l3l4.engine.latency.LatencyLogStatus.State;
import io.marchproxy.l3l4.engine.shard.LatencyPoint;
import io.marchproxy.l3l4.engine.shard.ShardLatency;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a shard's points counted as lines of an HdrHistogram log: one line for each interval and point at which anything
 * came, with the point's name as its tag. Lines reach the kernel as a whole, so a process that is killed leaves a readable
 * file. One thread, but for the status.
 */
final class ShardLatencyLog {
    private static final Logger LOG = LoggerFactory.getLogger(ShardLatencyLog.class);

    private final int shard;
    private final Path folder;
    private final LatencyFiles files;
    private final Map<LatencyPoint, ResidenceTimes.Interval> points = new EnumMap<>(LatencyPoint.class);
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private HistogramLogWriter lines = new HistogramLogWriter(text);
    private long baseMs;
    private volatile LatencyLogStatus status;

    ShardLatencyLog(Path folder, int shard, ShardLatency latency, long budgetBytes) {
        this.shard = shard;
        this.folder = folder;
        this.files = new LatencyFiles(folder, shard, budgetBytes);
        for (LatencyPoint point : LatencyPoint.values()) {
            points.put(point, latency.at(point).interval());
        }
        status = new LatencyLogStatus(shard, State.WRITING, 0, 0, 0);
    }

    /** Writes an interval. What can't be written is counted, and lost. */
    void write(long beganMs, long endedMs) {
        Map<LatencyPoint, Histogram> counted = count(beganMs, endedMs);
        LatencyLogStatus before = status;
        try {
            requireSpace(before.state());
            byte[] interval = text(counted);
            if (files.isFull(interval.length)) {
                files.begin(head(beganMs), endedMs);
                interval = text(counted);
            }
            files.append(interval);
            status = new LatencyLogStatus(
                    shard, State.WRITING, before.lines() + counted.size(), before.lostLines(), files.diskBytes());
            if (before.state() != State.WRITING) {
                LOG.warn("latency log of shard {}: writing again; {} lines are missing", shard, before.lostLines());
            }
        } catch (IOException e) {
            suspend(before, isDiskFull() ? State.DISK_FULL : State.FAILED, counted.size(), e);
        }
    }

    private Map<LatencyPoint, Histogram> count(long beganMs, long endedMs) {
        Map<LatencyPoint, Histogram> counted = new EnumMap<>(LatencyPoint.class);
        points.forEach((point, interval) -> {
            Histogram histogram = interval.next();
            if (histogram.getTotalCount() > 0) {
                histogram.setTag(point.label());
                histogram.setStartTimeStamp(beganMs);
                histogram.setEndTimeStamp(endedMs);
                counted.put(point, histogram);
            }
        });
        return counted;
    }

    private void requireSpace(State state) throws IOException {
        Files.createDirectories(folder);
        if (state == State.DISK_FULL && !DiskSpace.hasRoomAgain(folder)) {
            throw new IOException("no space left for " + folder);
        }
        DiskSpace.require(folder);
    }

    private boolean isDiskFull() {
        try {
            return !DiskSpace.hasRoomAgain(folder);
        } catch (IOException e) {
            return false;
        }
    }

    private byte[] head(long startMs) {
        baseMs = startMs;
        text.reset();
        lines = new HistogramLogWriter(text);
        lines.outputComment("proxy-l3l4 " + Version.current() + ", shard " + shard
                + ": nanoseconds, two significant digits; the largest value of a line is in milliseconds");
        for (LatencyPoint point : points.keySet()) {
            lines.outputComment(point.label() + ": " + point.sentence());
        }
        lines.outputLogFormatVersion();
        lines.outputStartTime(startMs);
        lines.outputBaseTime(startMs);
        lines.setBaseTime(startMs);
        lines.outputLegend();
        return text.toByteArray();
    }

    private byte[] text(Map<LatencyPoint, Histogram> counted) {
        text.reset();
        lines.setBaseTime(baseMs);
        counted.values().forEach(lines::outputIntervalHistogram);
        return text.toByteArray();
    }

    private void suspend(LatencyLogStatus before, State next, int lost, IOException error) {
        if (before.state() != next) {
            LOG.error(
                    "latency log of shard {}: {}; nothing is logged until that is over, traffic goes on: {}",
                    shard,
                    next == State.DISK_FULL ? "no space is left on the disk" : "writing failed",
                    Reason.of(error));
        }
        status = new LatencyLogStatus(shard, next, before.lines(), before.lostLines() + lost, before.diskBytes());
        closeFile();
    }

    void close() {
        closeFile();
        LatencyLogStatus last = status;
        status = new LatencyLogStatus(shard, State.CLOSED, last.lines(), last.lostLines(), last.diskBytes());
    }

    private void closeFile() {
        try {
            files.close();
        } catch (IOException e) {
            LOG.warn("latency log of shard {}: {}", shard, e.toString());
        }
    }

    /** Any thread. */
    LatencyLogStatus status() {
        return status;
    }
}
