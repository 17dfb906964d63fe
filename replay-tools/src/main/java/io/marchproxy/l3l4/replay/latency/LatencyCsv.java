package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.replay.Csv;
import io.marchproxy.l3l4.replay.Wall;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A run, or two, as lines of CSV (RFC 4180), of the whole or of its slices. All times are in nanoseconds, moments in UTC. */
final class LatencyCsv {
    private final PrintWriter out;

    LatencyCsv(PrintWriter out) {
        this.out = out;
    }

    void print(LatencyRun run, @Nullable LatencyRun other, boolean slices, List<Percentile> percentiles) {
        List<Object> names = new ArrayList<>(List.of("run", "stage", "from", "to", "count", "min_ns", "mean_ns"));
        percentiles.forEach(percentile -> names.add(percentile.key()));
        names.add("max_ns");
        out.println(Csv.line(names));
        rows("this", slices ? run.slices() : run.figures());
        if (other != null) {
            rows("compared-with", slices ? other.slices() : other.figures());
        }
    }

    private void rows(String run, List<Figures> all) {
        for (Figures figures : all) {
            List<Object> row = new ArrayList<>(List.of(
                    run,
                    figures.stage(),
                    Wall.time(figures.fromMs()),
                    Wall.time(figures.toMs()),
                    figures.count(),
                    figures.minNs(),
                    figures.meanNs()));
            row.addAll(figures.atPercentiles());
            row.add(figures.maxNs());
            out.println(Csv.line(row));
        }
    }
}
