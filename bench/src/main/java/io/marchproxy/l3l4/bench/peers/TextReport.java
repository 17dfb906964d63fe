package io.marchproxy.l3l4.bench.peers;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;

/** The results for a terminal. */
final class TextReport {
    private static final String ROW = "  %-46s %-17s %10s %22s  %-16s %s%n";
    private static final String AIM = "  %-30s %-34s %-30s %-8s %-24s %s%n";

    private TextReport() {}

    static void print(PrintWriter out, Run run) {
        run.lines().forEach(out::println);
        Kind before = null;
        Metric metricBefore = null;
        for (Row row : Row.of(run.results())) {
            if (row.kind() != before) {
                out.println();
                out.printf(ROW, row.kind().label(), "", "median", "lowest – highest", "", "ours against it");
                metricBefore = null;
            }
            out.printf(
                    Locale.ROOT,
                    ROW,
                    row.metric() == metricBefore ? "" : "  " + row.metric().unit(),
                    row.peer().label(),
                    Figures.text(row.spread().median()),
                    Figures.range(row.spread()),
                    row.generatorBound() ? "generator-bound" : "",
                    row.ours());
            before = row.kind();
            metricBefore = row.metric();
        }
        aims(out, run.results());
    }

    private static void aims(PrintWriter out, Results results) {
        out.println();
        out.printf(AIM, "aim", "", "", "limit", "measured", "");
        for (Aim aim : Aim.ALL) {
            Optional<Spread> measured = aim.measured(results);
            if (measured.isPresent()) {
                out.printf(
                        AIM,
                        aim.kind().label(),
                        aim.metric().unit(),
                        aim.parties(),
                        aim.limitText(results),
                        Figures.ratio(measured.get()),
                        aim.verdict(results).label());
            }
        }
        long unmeasured = Aim.ALL.stream()
                .filter(aim -> aim.verdict(results) == Aim.Verdict.NOT_MEASURED)
                .count();
        if (unmeasured > 0) {
            out.println("  " + unmeasured + " more aims were not measured in this run");
        }
    }
}
