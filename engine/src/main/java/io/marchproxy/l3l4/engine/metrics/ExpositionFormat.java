package io.marchproxy.l3l4.engine.metrics;

import java.util.Collection;
import java.util.Locale;

/** The two text formats that a Prometheus server reads. */
public enum ExpositionFormat {
    /** <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Text format 0.0.4</a>. */
    PROMETHEUS("text/plain; version=0.0.4; charset=utf-8"),
    /** <a href="https://prometheus.io/docs/specs/om/open_metrics_spec/">OpenMetrics 1.0.0</a>. */
    OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

    private static final String TOTAL = "_total";

    private final String contentType;

    ExpositionFormat(String contentType) {
        this.contentType = contentType;
    }

    /** Value of the header {@code Content-Type}. */
    public String contentType() {
        return contentType;
    }

    /**
     * What a client wants: OpenMetrics if it names it and likes it no less than plain text (RFC 9110, 12.5.1).
     *
     * @param accept value of the header {@code Accept}, empty when there is none
     */
    public static ExpositionFormat accepted(String accept) {
        double plain = 0;
        double open = 0;
        for (String range : accept.toLowerCase(Locale.ROOT).split(",")) {
            String[] parts = range.strip().split("\\s*;\\s*");
            double quality = quality(parts);
            switch (parts[0]) {
                case "application/openmetrics-text" -> open = Math.max(open, quality);
                case "text/plain" -> plain = Math.max(plain, quality);
                default -> {}
            }
        }
        return open > 0 && open >= plain ? OPEN_METRICS : PROMETHEUS;
    }

    private static double quality(String[] parts) {
        for (String part : parts) {
            if (part.startsWith("q=")) {
                try {
                    return Double.parseDouble(part.substring(2));
                } catch (NumberFormatException _) {
                    return 0;
                }
            }
        }
        return 1;
    }

    String write(Collection<Family> families) {
        StringBuilder page = new StringBuilder(16_384);
        for (Family family : families) {
            if (!family.samples().isEmpty()) {
                writeHead(page, family.metric());
                writeSamples(page, family);
            }
        }
        return this == OPEN_METRICS ? page.append("# EOF\n").toString() : page.toString();
    }

    private void writeHead(StringBuilder page, Metric metric) {
        String name = metric.exposedName();
        if (this == OPEN_METRICS && name.endsWith(TOTAL)) {
            name = name.substring(0, name.length() - TOTAL.length());
        }
        page.append("# HELP ")
                .append(name)
                .append(' ')
                .append(metric.sentence())
                .append('\n');
        page.append("# TYPE ").append(name).append(' ').append(metric.type().label());
        page.append('\n');
        String unit = metric.unit().label();
        if (this == OPEN_METRICS && !unit.isEmpty() && name.endsWith("_" + unit)) {
            page.append("# UNIT ").append(name).append(' ').append(unit).append('\n');
        }
    }

    private static void writeSamples(StringBuilder page, Family family) {
        Metric metric = family.metric();
        family.samples().forEach((series, value) -> {
            page.append(metric.exposedName()).append(series.suffix());
            char before = '{';
            for (int i = 0; i < metric.labels().size(); i++) {
                page.append(before).append(metric.labels().get(i)).append("=\"");
                escape(page, series.labelValues().get(i));
                page.append('"');
                before = ',';
            }
            if (!series.le().isEmpty()) {
                page.append(before).append("le=\"").append(series.le()).append('"');
                before = ',';
            }
            page.append(before == ',' ? "} " : " ").append(number(value)).append('\n');
        });
    }

    private static void escape(StringBuilder page, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> page.append("\\\\");
                case '"' -> page.append("\\\"");
                case '\n' -> page.append("\\n");
                default -> page.append(c);
            }
        }
    }

    private static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
            return Long.toString((long) value);
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return Double.toString(value);
    }
}
