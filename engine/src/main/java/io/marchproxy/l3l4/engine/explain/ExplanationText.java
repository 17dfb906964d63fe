package io.marchproxy.l3l4.engine.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An explanation for people. */
public final class ExplanationText {
    private static final String GAP = "  ";

    private ExplanationText() {}

    /** Lines, each ended by a line feed. */
    public static String write(Explanation of) {
        StringBuilder text = new StringBuilder();
        line(text, "flow", of.flow());
        line(text, "service", of.service());
        line(
                text,
                "class",
                of.trafficClass()
                        + (of.rule() < 0
                                ? ", the service's own: no rule matches"
                                : ", by qos.rules[" + of.rule() + "]"));
        String prefix = of.prefix();
        if (prefix != null) {
            line(text, "prefix", prefix);
        }
        line(text, "algorithm", of.algorithm());
        of.remarks().forEach(remark -> line(text, "note", remark));
        String choice = of.choice();
        line(text, "choice", choice == null ? "none: " + lower(of.reason()) : choice);
        text.append('\n');
        table(text, of);
        return text.toString();
    }

    private static String lower(String sentence) {
        return sentence.isEmpty()
                ? sentence
                : sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1);
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "%-9s  %s%n", name, value));
    }

    private static void table(StringBuilder text, Explanation of) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"backend", "where", "flows", "latency", "loss", "per GB", of.scoreName(), "why"});
        for (Explanation.Candidate candidate : of.candidates()) {
            rows.add(new String[] {
                (candidate.chosen() ? "▶ " : "") + candidate.id(),
                candidate.provider() + " " + candidate.region(),
                Integer.toString(candidate.flows()),
                Double.isNaN(candidate.latencyMs()) ? "–" : number(candidate.latencyMs()) + " ms",
                number(candidate.lossPercent()) + " %",
                number(candidate.costPerGb()),
                Double.isNaN(candidate.score()) ? "–" : number(candidate.score()),
                candidate.why()
            });
        }
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append(row[i])
                        .append(" ".repeat(widths[i] - row[i].length()))
                        .append(GAP);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.4g", value);
    }
}
