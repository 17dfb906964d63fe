package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.bench.peers.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The scenes' results: a line for each and shaper, by medians of rounds, each figure beside the aim that ours has. */
record SceneReport(List<SceneResult> results) {
    private static final double LEAST_OF_GUARANTEE = 0.98;
    private static final double FARTHEST_PERCENT = 3;
    private static final double MOST_ADDED_US = 1_000;
    private static final double LEAST_JAIN = 0.99;
    private static final double MOST_P95_MS = 10;

    /** What senders are to ask for, of what they are to have. Less of it says nothing of the shaper. */
    private static final double LEAST_ASKED = 1;

    /** What the flood is to be, of the link: a sender that the machine holds up does not come to all of three times. */
    private static final double FLOOD_TIMES = 2.9;

    /** A line of the report. */
    record Line(String scene, String shaper, String figures, String verdict) {}

    private double median(Scene scene, Shaper shaper, String figure) {
        return spread(scene, shaper, figure).median();
    }

    private Spread spread(Scene scene, Shaper shaper, String figure) {
        return Spread.of(results.stream()
                .filter(one -> one.scene() == scene && one.shaper() == shaper)
                .map(one -> one.figures().get(figure))
                .toList());
    }

    private boolean has(Scene scene, Shaper shaper) {
        return results.stream().anyMatch(one -> one.scene() == scene && one.shaper() == shaper);
    }

    List<Line> lines() {
        List<Line> lines = new ArrayList<>();
        for (Scene scene : Scene.values()) {
            for (Shaper shaper : scene.shapers()) {
                if (has(scene, shaper)) {
                    lines.add(new Line(scene.key(), shaper.label(), figures(scene, shaper), verdict(scene, shaper)));
                }
            }
        }
        return lines;
    }

    private String figures(Scene scene, Shaper shaper) {
        return switch (scene) {
            case CLASSES ->
                String.format(
                        Locale.ROOT,
                        "P0 %.2f, P1 %.2f, P2 %.2f, P3 %.2f Mbit/s (wanted %.0f, %.0f, %.0f, %.0f); "
                                + "least of a guarantee %.4f, farthest from a share of the rest %.2f %%, of the link used %.2f %%"
                                + "; each asked for %.2f times that at the least%s",
                        median(scene, shaper, "p0-mbits"),
                        median(scene, shaper, "p1-mbits"),
                        median(scene, shaper, "p2-mbits"),
                        median(scene, shaper, "p3-mbits"),
                        Scene.expected(0),
                        Scene.expected(1),
                        Scene.expected(2),
                        Scene.expected(3),
                        median(scene, shaper, SceneFigures.LEAST_GUARANTEE),
                        median(scene, shaper, SceneFigures.FARTHEST_SHARE),
                        100 * median(scene, shaper, SceneFigures.USED),
                        median(scene, shaper, SceneFigures.LEAST_ASKED),
                        refused(scene, shaper));
            case URGENT ->
                String.format(
                        Locale.ROOT,
                        "delay at the 99th percentile %.0f µs idle, %+.0f µs beside the flood of %.0f Mbit/s; lost %.0f%s",
                        median(scene, shaper, SceneFigures.IDLE_P99),
                        median(scene, shaper, SceneFigures.ADDED_P99),
                        median(scene, shaper, SceneFigures.FLOOD),
                        most(scene, shaper, SceneFigures.LOST),
                        refused(scene, shaper));
            case FAIRNESS ->
                String.format(
                        Locale.ROOT,
                        "Jain's index %.5f%s; who sends ten times as much has %.3f times what another has"
                                + "; each asked for %.2f times its part at the least%s",
                        median(scene, shaper, SceneFigures.JAIN),
                        ratio(scene, shaper, SceneFigures.JAIN),
                        median(scene, shaper, SceneFigures.GREEDY),
                        median(scene, shaper, SceneFigures.LEAST_ASKED),
                        refused(scene, shaper));
            case CODEL ->
                String.format(
                        Locale.ROOT,
                        "delay p50 %.1f ms, p95 %.1f, longest %.1f; of %d Mbit/s used %.1f %%; with ECN: CE on %.0f datagrams on "
                                + "the wire, %.0f heard of, lost %.0f; without: CE on %.0f, lost %.0f",
                        median(scene, shaper, SceneFigures.DELAY_P50),
                        median(scene, shaper, SceneFigures.DELAY_P95),
                        median(scene, shaper, SceneFigures.DELAY_MOST),
                        Scene.SLOW_MBITS,
                        100 * median(scene, shaper, SceneFigures.USED),
                        median(scene, shaper, SceneFigures.MARKED),
                        median(scene, shaper, SceneFigures.HEARD),
                        most(scene, shaper, SceneFigures.ECN_LOST),
                        most(scene, shaper, SceneFigures.PLAIN_MARKED),
                        median(scene, shaper, SceneFigures.PLAIN_LOST));
        };
    }

    /** What was never sent, where there is any. */
    private String refused(Scene scene, Shaper shaper) {
        double percent = median(scene, shaper, SceneFigures.REFUSED);
        return percent == 0
                ? ""
                : String.format(Locale.ROOT, "; %.1f %% never sent, for a full socket of the sender's", percent);
    }

    /** Of what must not be, no round's is hidden behind a median. */
    private double most(Scene scene, Shaper shaper, String figure) {
        return spread(scene, shaper, figure).highest();
    }

    /** Ours beside its rival. */
    private String ratio(Scene scene, Shaper shaper, String figure) {
        Shaper other = scene.rival();
        return shaper != Shaper.OURS || !has(scene, other)
                ? ""
                : String.format(
                        Locale.ROOT,
                        " (%.3f of %s's)",
                        median(scene, shaper, figure) / median(scene, other, figure),
                        other.label());
    }

    /** Of ours whether it is as it ought to be, of tc the same by the same measure. */
    private String verdict(Scene scene, Shaper shaper) {
        if (!isAsked(scene, shaper)) {
            return "too little was sent to say";
        }
        boolean isMet = switch (scene) {
            case CLASSES ->
                median(scene, shaper, SceneFigures.LEAST_GUARANTEE) >= LEAST_OF_GUARANTEE
                        && median(scene, shaper, SceneFigures.FARTHEST_SHARE) <= FARTHEST_PERCENT;
            case URGENT ->
                median(scene, shaper, SceneFigures.ADDED_P99) < MOST_ADDED_US
                        && most(scene, shaper, SceneFigures.LOST) == 0;
            case FAIRNESS -> median(scene, shaper, SceneFigures.JAIN) >= LEAST_JAIN;
            case CODEL ->
                median(scene, shaper, SceneFigures.DELAY_P95) < MOST_P95_MS
                        && median(scene, shaper, SceneFigures.MARKED) > 0
                        && most(scene, shaper, SceneFigures.ECN_LOST) == 0
                        && most(scene, shaper, SceneFigures.PLAIN_MARKED) == 0;
        };
        return isMet ? "met" : "MISSED";
    }

    /** Whether the load was what the scene is about. */
    private boolean isAsked(Scene scene, Shaper shaper) {
        return switch (scene) {
            case CLASSES, FAIRNESS -> median(scene, shaper, SceneFigures.LEAST_ASKED) >= LEAST_ASKED;
            case URGENT -> median(scene, shaper, SceneFigures.FLOOD) >= FLOOD_TIMES * Scene.LINK_MBITS;
            case CODEL -> true;
        };
    }
}
