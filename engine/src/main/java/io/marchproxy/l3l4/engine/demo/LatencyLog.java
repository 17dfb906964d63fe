package io.marchproxy.l3l4.engine.demo;

import java.io.FileNotFoundException;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.HdrHistogram.Recorder;

/** One kind of round trip over time: read off each second, logged in HdrHistogram's own format, and summed up. */
final class LatencyLog implements AutoCloseable {
    private final Recorder recorder;
    private final HistogramLogWriter log;
    private final Histogram total;
    private Histogram interval;

    LatencyLog(Recorder recorder, Path file, String tag) throws FileNotFoundException {
        this.recorder = recorder;
        log = new HistogramLogWriter(file.toFile());
        log.outputComment("proxy-l3l4 demo: " + tag + ", nanoseconds; the largest value of a line is in milliseconds");
        log.outputLogFormatVersion();
        log.outputStartTime(System.currentTimeMillis());
        log.setBaseTime(System.currentTimeMillis());
        log.outputLegend();
        interval = recorder.getIntervalHistogram();
        // Of the same kind, and empty: clients that were already under way have no line in the log.
        total = interval.copy();
        total.reset();
    }

    /** Forgets what was recorded until now. */
    void reset() {
        recorder.reset();
    }

    /** What came since the last call. The histogram is reused by the next call. */
    Histogram next() {
        interval = recorder.getIntervalHistogram(interval);
        log.outputIntervalHistogram(interval);
        total.add(interval);
        return interval;
    }

    Histogram total() {
        return total;
    }

    @Override
    public void close() {
        log.close();
    }
}
