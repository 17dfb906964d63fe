package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.replay.TimeBound;
import io.marchproxy.l3l4.replay.UnreadableException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One run, from one log or several: sums by stage, and slices of time. In memory are one histogram and one open slice for each stage,
 * whatever the logs' length.
 */
final class LatencyRun {
    private static final int MOST_STAGES = 1_000;
    private static final int MOST_SLICES = 1_000_000;

    /**
     * What of a log is looked at.
     *
     * @param stages or none for all
     * @param sliceMs length of a slice; 0 for none, negative for a fitting one
     * @param unitNs what the number 1 of a histogram stands for
     */
    record Selection(
            List<String> stages,
            @Nullable TimeBound from,
            @Nullable TimeBound to,
            long sliceMs,
            double unitNs,
            List<Percentile> percentiles) {}

    private static final int FITTING_SLICES = 100;

    private final Selection selection;
    private final Map<String, Histogram> totals = new LinkedHashMap<>();
    private final Map<String, Histogram> open = new TreeMap<>();
    private final List<Figures> slices = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private long firstMs = Long.MAX_VALUE;
    private long lastMs = Long.MIN_VALUE;
    private long fromMs;
    private long toMs;
    private long lines;
    private long sliceMs;
    private long slice = -1;

    private LatencyRun(Selection selection) {
        this.selection = selection;
    }

    /**
     * Reads a run.
     *
     * @throws UnreadableException when a file is no log, or nothing in it was asked for
     */
    static LatencyRun read(List<Path> files, Selection selection) throws IOException {
        LatencyRun run = new LatencyRun(selection);
        run.range(files);
        run.add(files);
        return run;
    }

    /** First the range of time alone, which is cheap: the histograms stay packed. */
    private void range(List<Path> files) throws IOException {
        try (MergedLogs logs = new MergedLogs(files)) {
            for (HlogLine line = logs.next(); line != null; line = logs.next()) {
                firstMs = Math.min(firstMs, line.startMs());
                lastMs = Math.max(lastMs, line.endMs());
            }
        }
        if (firstMs > lastMs) {
            throw new UnreadableException("nothing is logged in " + names(files) + " yet");
        }
        long nowMs = System.currentTimeMillis();
        TimeBound from = selection.from();
        TimeBound to = selection.to();
        fromMs = from == null ? firstMs : Math.max(firstMs, from.epochMs(firstMs, nowMs));
        toMs = to == null ? lastMs : Math.min(lastMs, to.epochMs(firstMs, nowMs));
        sliceMs = selection.sliceMs() >= 0
                ? selection.sliceMs()
                : Math.max(1_000, Math.ceilDiv(toMs - fromMs, FITTING_SLICES * 1_000L) * 1_000);
        if (sliceMs > 0 && (toMs - fromMs) / sliceMs > MOST_SLICES) {
            throw new UnreadableException(
                    "more than " + MOST_SLICES + " slices of time: choose longer ones with --every");
        }
    }

    private void add(List<Path> files) throws IOException {
        try (MergedLogs logs = new MergedLogs(files)) {
            for (HlogLine line = logs.next(); line != null; line = logs.next()) {
                boolean wanted =
                        selection.stages().isEmpty() || selection.stages().contains(line.stage());
                if (wanted && line.startMs() >= fromMs && line.startMs() < Math.max(toMs, fromMs + 1)) {
                    add(line);
                }
            }
            logs.cutShort()
                    .forEach(path -> notes.add(path + ": the last line was not written to its end, and is left out"));
        }
        closeSlice();
        for (String stage : selection.stages()) {
            if (!totals.containsKey(stage)) {
                throw new UnreadableException("there is no stage " + stage + " in " + names(files)
                        + (totals.isEmpty() ? "" : " besides " + String.join(", ", totals.keySet())));
            }
        }
        if (totals.isEmpty()) {
            throw new UnreadableException("nothing was logged in " + names(files) + " in that time");
        }
    }

    private void add(HlogLine line) throws UnreadableException {
        Histogram histogram = line.histogram();
        lines++;
        into(totals, line, histogram);
        if (sliceMs > 0) {
            long index = (line.startMs() - fromMs) / sliceMs;
            if (index > slice) {
                closeSlice();
                slice = index;
            }
            into(open, line, histogram);
        }
    }

    private static void into(Map<String, Histogram> sums, HlogLine line, Histogram histogram)
            throws UnreadableException {
        Histogram sum = sums.get(line.stage());
        if (sum == null) {
            if (sums.size() == MOST_STAGES) {
                throw new UnreadableException(line.where() + ": more than " + MOST_STAGES + " stages");
            }
            sum = new Histogram(histogram.getNumberOfSignificantValueDigits());
            sum.setAutoResize(true);
            sums.put(line.stage(), sum);
        }
        sum.add(histogram);
    }

    private void closeSlice() {
        long beganMs = fromMs + slice * sliceMs;
        open.forEach((stage, histogram) -> slices.add(Figures.of(
                stage,
                beganMs,
                Math.min(beganMs + sliceMs, toMs),
                histogram,
                selection.unitNs(),
                selection.percentiles())));
        open.clear();
    }

    private static String names(List<Path> files) {
        return String.join(", ", files.stream().map(Path::toString).toList());
    }

    /** Sums by stage, in the order in which stages were first logged. */
    Map<String, Histogram> totals() {
        return totals;
    }

    /** The whole run, a line for each stage. */
    List<Figures> figures() {
        return totals.entrySet().stream()
                .map(total -> Figures.of(
                        total.getKey(), fromMs, toMs, total.getValue(), selection.unitNs(), selection.percentiles()))
                .toList();
    }

    /** Slices of time in order, of each the stages by name. */
    List<Figures> slices() {
        return slices;
    }

    /** What the user should know besides. */
    List<String> notes() {
        return notes;
    }

    long fromMs() {
        return fromMs;
    }

    long toMs() {
        return toMs;
    }

    /** Lines that were added up. */
    long lines() {
        return lines;
    }
}
