package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.replay.Wall;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A run, or two side by side, as tables for people. */
final class LatencyReport {
    private static final double SECOND_MS = 1e3;

    private final PrintWriter out;
    private final List<Percentile> percentiles;

    LatencyReport(PrintWriter out, List<Percentile> percentiles) {
        this.out = out;
        this.percentiles = percentiles;
    }

    void print(LatencyRun run, @Nullable LatencyRun other, String unit, boolean withSlices) {
        head("", run, unit);
        whole(run.figures());
        if (withSlices) {
            slices(run);
        }
        if (other != null) {
            out.println();
            head("compared with ", other, unit);
            whole(other.figures());
            comparison(run, other);
        }
    }

    private void head(String what, LatencyRun run, String unit) {
        out.printf(
                Locale.ROOT,
                "%s%s to %s, %.1f s, %,d lines; 1 in the log stands for 1 %s%n%n",
                what,
                Wall.time(run.fromMs()),
                Wall.time(run.toMs()),
                (run.toMs() - run.fromMs()) / SECOND_MS,
                run.lines(),
                unit);
    }

    private void whole(List<Figures> all) {
        List<List<String>> rows = new ArrayList<>();
        List<String> names = new ArrayList<>(List.of("stage", "count", "min", "mean"));
        percentiles.forEach(percentile -> names.add(percentile.label()));
        names.add("max");
        rows.add(names);
        for (Figures figures : all) {
            List<String> row = new ArrayList<>(List.of(
                    figures.stage(),
                    String.format(Locale.ROOT, "%,d", figures.count()),
                    Times.text(figures.minNs()),
                    Times.text(figures.meanNs())));
            figures.atPercentiles().forEach(ns -> row.add(Times.text(ns)));
            row.add(Times.text(figures.maxNs()));
            rows.add(row);
        }
        align(rows, 1);
    }

    private void slices(LatencyRun run) {
        out.println();
        List<List<String>> rows = new ArrayList<>();
        List<String> names = new ArrayList<>(List.of("from", "stage", "count", "mean"));
        percentiles.forEach(percentile -> names.add(percentile.label()));
        names.add("max");
        rows.add(names);
        for (Figures figures : run.slices()) {
            List<String> row = new ArrayList<>(List.of(
                    Wall.time(figures.fromMs()),
                    figures.stage(),
                    String.format(Locale.ROOT, "%,d", figures.count()),
                    Times.text(figures.meanNs())));
            figures.atPercentiles().forEach(ns -> row.add(Times.text(ns)));
            row.add(Times.text(figures.maxNs()));
            rows.add(row);
        }
        align(rows, 2);
    }

    private void comparison(LatencyRun run, LatencyRun other) {
        Map<String, Figures> others =
                other.figures().stream().collect(Collectors.toMap(Figures::stage, figures -> figures));
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("stage", "at", "this", "compared with", "difference", "in percent"));
        for (Figures mine : run.figures()) {
            Figures theirs = others.get(mine.stage());
            if (theirs != null) {
                row(rows, mine.stage(), "mean", mine.meanNs(), theirs.meanNs());
                for (int i = 0; i < percentiles.size(); i++) {
                    row(
                            rows,
                            mine.stage(),
                            percentiles.get(i).label(),
                            mine.atPercentiles().get(i),
                            theirs.atPercentiles().get(i));
                }
                row(rows, mine.stage(), "max", mine.maxNs(), theirs.maxNs());
            }
        }
        out.println();
        align(rows, 2);
        lacking(run, other, "compared with");
        lacking(other, run, "this one");
    }

    private static void row(List<List<String>> rows, String stage, String at, double mineNs, double theirsNs) {
        rows.add(List.of(
                stage,
                at,
                Times.text(mineNs),
                Times.text(theirsNs),
                Times.difference(mineNs - theirsNs),
                Times.percent(theirsNs, mineNs)));
    }

    private void lacking(LatencyRun has, LatencyRun lacks, String which) {
        List<String> stages = has.totals().keySet().stream()
                .filter(stage -> !lacks.totals().containsKey(stage))
                .toList();
        if (!stages.isEmpty()) {
            out.println("Not in the run " + which + ": " + String.join(", ", stages));
        }
    }

    /** Prints rows in columns: the first few to the left, the numbers to the right. */
    private void align(List<List<String>> rows, int left) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String pad = " ".repeat(widths[i] - row.get(i).length());
                line.append(i == 0 ? "" : "  ").append(i < left ? row.get(i) + pad : pad + row.get(i));
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
