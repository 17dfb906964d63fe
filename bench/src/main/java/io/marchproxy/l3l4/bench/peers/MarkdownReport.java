package io.marchproxy.l3l4.bench.peers;

import java.util.Optional;

/** The results for docs/PERFORMANCE.md: figures, then aims, losses in bold. */
final class MarkdownReport {
    private MarkdownReport() {}

    static String write(Run run) {
        StringBuilder out = new StringBuilder();
        run.lines().forEach(line -> out.append("- ").append(line).append('\n'));
        Kind before = null;
        Metric metricBefore = null;
        for (Row row : Row.of(run.results())) {
            if (row.kind() != before) {
                out.append("\n### ").append(row.kind().label()).append("\n\n");
                out.append(
                        "| figure | peer | median | lowest – highest | ours against it |\n|---|---|---:|---:|---|\n");
                metricBefore = null;
            }
            row(out, row, row.metric() != metricBefore);
            before = row.kind();
            metricBefore = row.metric();
        }
        aims(out, run.results());
        return out.toString();
    }

    private static void row(StringBuilder out, Row row, boolean first) {
        out.append("| ")
                .append(first ? row.metric().unit() : "")
                .append(" | ")
                .append(row.peer().label())
                .append(" | ")
                .append(Figures.text(row.spread().median()))
                .append(row.generatorBound() ? " (generator-bound)" : "")
                .append(" | ")
                .append(Figures.range(row.spread()))
                .append(" | ")
                .append(row.ours().replace("WORSE", "**worse**"))
                .append(" |\n");
    }

    private static void aims(StringBuilder out, Results results) {
        out.append("\n### Aims\n\n| what | figure | who | aim | measured | |\n|---|---|---|---|---|---|\n");
        for (Aim aim : Aim.ALL) {
            Optional<Spread> measured = aim.measured(results);
            out.append("| ")
                    .append(aim.kind().label())
                    .append(" | ")
                    .append(aim.metric().unit())
                    .append(" | ")
                    .append(aim.parties())
                    .append(" | ")
                    .append(aim.limitText(results))
                    .append(" | ")
                    .append(measured.map(Figures::ratio).orElse(""))
                    .append(" | ")
                    .append(aim.verdict(results).label().replace("NOT MET", "**not met**"))
                    .append(" |\n");
        }
    }
}
