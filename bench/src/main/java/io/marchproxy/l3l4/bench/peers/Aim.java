package io.marchproxy.l3l4.bench.peers;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An aim of the project: a ratio of ours to another's figure.
 *
 * @param limit to reach, at least where more is better and at the most where less is
 * @param limitUnlessBound in place of {@code limit} where the load is not what limits
 */
record Aim(Kind kind, Metric metric, Peer ours, Peer other, double limit, double limitUnlessBound) {
    /** What became of an aim. */
    enum Verdict {
        MET("met"),
        MET_MOSTLY("met, though not in every round"),
        NOT_MET("NOT MET"),
        NOT_MET_ALWAYS("NOT MET, though in some rounds"),
        NOT_MET_BOUND("NOT MET, but generator-bound"),
        NOT_MEASURED("not measured");

        private final String label;

        Verdict(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    /** All that can be measured side by side, as issues 3 and 4 state them. */
    static final List<Aim> ALL = List.of(
            ratio(Kind.UDP64, Metric.FORWARDED, Peer.OURS, Peer.NGINX, 1.6),
            ratio(Kind.UDP64_LOSSLESS, Metric.LOSSLESS, Peer.OURS, Peer.NGINX, 1.6),
            ratio(Kind.UDP64, Metric.CPU_PER_MILLION, Peer.OURS, Peer.NGINX, 0.6),
            ratio(Kind.UDP1400, Metric.CPU_PER_MILLION, Peer.OURS, Peer.NGINX, 0.6),
            ratio(Kind.UDP64_MERGED, Metric.CPU_PER_MILLION, Peer.OURS, Peer.NGINX, 0.35),
            ratio(Kind.UDP1400_MERGED, Metric.CPU_PER_MILLION, Peer.OURS, Peer.NGINX, 0.35),
            new Aim(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.NGINX_64K, 1.0, 1.2),
            new Aim(Kind.TCP4, Metric.GBITS, Peer.OURS, Peer.NGINX_64K, 1.0, 1.2),
            ratio(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.NGINX, 1.8),
            ratio(Kind.TCP4, Metric.GBITS, Peer.OURS, Peer.NGINX, 1.8),
            ratio(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.HAPROXY, 1.7),
            ratio(Kind.TCP4, Metric.GBITS, Peer.OURS, Peer.HAPROXY, 1.7),
            ratio(Kind.TCP1, Metric.PROXY_CPU_PER_GB, Peer.OURS, Peer.NGINX_64K, 0.65),
            ratio(Kind.TCP4, Metric.PROXY_CPU_PER_GB, Peer.OURS, Peer.NGINX_64K, 0.65),
            ratio(Kind.TCP1, Metric.MACHINE_CPU_PER_GB, Peer.OURS, Peer.NGINX_64K, 0.75),
            ratio(Kind.TCP4, Metric.MACHINE_CPU_PER_GB, Peer.OURS, Peer.NGINX_64K, 0.75),
            ratio(Kind.WRK64, Metric.RATE, Peer.OURS, Peer.NGINX, 1.0),
            ratio(Kind.WRK1, Metric.P50, Peer.OURS, Peer.NGINX, 1.0),
            ratio(Kind.WRK1, Metric.P50, Peer.OURS_SPIN, Peer.NGINX, 0.35),
            ratio(Kind.UDP64, Metric.FORWARDED, Peer.OURS, Peer.OURS_BARE, 0.9),
            ratio(Kind.TCP1, Metric.GBITS, Peer.OURS, Peer.OURS_BARE, 0.9),
            ratio(Kind.TCP4, Metric.GBITS, Peer.OURS, Peer.OURS_BARE, 0.9),
            ratio(Kind.UDP64, Metric.FORWARDED, Peer.OURS_PACKETS, Peer.OURS, 0.85),
            ratio(Kind.UDP64, Metric.CPU_PER_MILLION, Peer.OURS_PACKETS, Peer.OURS, 1.15),
            ratio(Kind.UDP64_MERGED, Metric.FORWARDED, Peer.OURS_PACKETS, Peer.OURS, 0.85),
            ratio(Kind.WRK64, Metric.RATE, Peer.OURS_PACKETS, Peer.OURS, 0.85),
            ratio(Kind.WRK64, Metric.CPU_PER_REQUEST, Peer.OURS_PACKETS, Peer.OURS, 1.15),
            ratio(Kind.TCP4, Metric.GBITS, Peer.OURS_PACKETS, Peer.OURS, 0.85),
            ratio(Kind.UDP64, Metric.FORWARDED, Peer.OURS_FLOWS, Peer.OURS, 0.98),
            ratio(Kind.UDP64, Metric.CPU_PER_MILLION, Peer.OURS_FLOWS, Peer.OURS, 1.02),
            ratio(Kind.WRK64, Metric.RATE, Peer.OURS_FLOWS, Peer.OURS, 0.98),
            ratio(Kind.WRK64, Metric.CPU_PER_REQUEST, Peer.OURS_FLOWS, Peer.OURS, 1.02),
            ratio(Kind.TCP4, Metric.GBITS, Peer.OURS_FLOWS, Peer.OURS, 0.98));

    private static Aim ratio(Kind kind, Metric metric, Peer ours, Peer other, double limit) {
        return new Aim(kind, metric, ours, other, limit, limit);
    }

    /** What was measured for it. */
    Optional<Spread> measured(Results results) {
        return results.ratio(kind, metric, ours, other);
    }

    /** The limit that holds for these results. */
    double limit(Results results) {
        return results.isGeneratorBound(kind, metric, ours) ? limit : limitUnlessBound;
    }

    Verdict verdict(Results results) {
        Optional<Spread> measured = measured(results);
        if (measured.isEmpty()) {
            return Verdict.NOT_MEASURED;
        }
        double wanted = limit(results);
        boolean lowest = reaches(measured.get().lowest(), wanted);
        boolean highest = reaches(measured.get().highest(), wanted);
        if (reaches(measured.get().median(), wanted)) {
            return lowest && highest ? Verdict.MET : Verdict.MET_MOSTLY;
        }
        if (results.isGeneratorBound(kind, metric, ours)) {
            return Verdict.NOT_MET_BOUND;
        }
        return lowest || highest ? Verdict.NOT_MET_ALWAYS : Verdict.NOT_MET;
    }

    private boolean reaches(double value, double wanted) {
        return metric.moreIsBetter() ? value >= wanted : value <= wanted;
    }

    /** For instance {@code ≥ 1.6×}. */
    String limitText(Results results) {
        return (metric.moreIsBetter() ? "≥ " : "≤ ") + number(limit(results)) + "×";
    }

    /** Who is compared, for instance {@code ours / nginx}. */
    String parties() {
        return ours.label() + " / " + other.label();
    }

    private static String number(double value) {
        String text = String.format(Locale.ROOT, "%.2f", value);
        return text.endsWith("0") ? text.substring(0, text.length() - 1) : text;
    }
}
