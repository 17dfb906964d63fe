package io.marchproxy.l3l4.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A line of the table: one peer's figure in one measurement, and how ours stands to it.
 *
 * @param ours how ours stands to this peer: the ratio and whether that is better; empty for our own lines
 */
record Row(Kind kind, Metric metric, Peer peer, Spread spread, boolean generatorBound, String ours) {
    /** All lines that the results give, in the order of measurements, figures and peers. */
    static List<Row> of(Results results) {
        List<Row> rows = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (Metric metric : Metric.values()) {
                for (Peer peer : kind.group().peers()) {
                    results.spread(kind, metric, peer)
                            .ifPresent(spread -> rows.add(new Row(
                                    kind,
                                    metric,
                                    peer,
                                    spread,
                                    results.isGeneratorBound(kind, metric, peer),
                                    standing(results, kind, metric, peer))));
                }
            }
        }
        return rows;
    }

    private static String standing(Results results, Kind kind, Metric metric, Peer peer) {
        if (peer == Peer.OURS || peer == Peer.DIRECT) {
            return "";
        }
        Optional<Spread> ratio = results.ratio(kind, metric, Peer.OURS, peer);
        return ratio.map(spread -> Figures.ratio(spread) + " " + verdict(metric, spread))
                .orElse("");
    }

    /** Even, unless all rounds agree. */
    private static String verdict(Metric metric, Spread ratio) {
        if (ratio.lowest() <= 1 && ratio.highest() >= 1) {
            return "even";
        }
        return ratio.lowest() > 1 == metric.moreIsBetter() ? "better" : "WORSE";
    }
}
