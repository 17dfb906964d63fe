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

    /** A line of the report. */
    record Line(String scene, String shaper, String figures, String verdict) {}

    private double median(Scene scene, Shaper shaper, String figure) {
        return Spread.of(results.stream()
                        .filter(one -> one.scene() == scene && one.shaper() == shaper)
                        .map(one -> one.figures().get(figure))
                        .toList())
                .median();
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
                                + "least of a guarantee %.4f, farthest from a share of the rest %.2f %%, of the link used %.2f %%",
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
                        100 * median(scene, shaper, SceneFigures.USED));
            case URGENT ->
                String.format(
                        Locale.ROOT,
                        "delay at the 99th percentile %.0f µs idle, %+.0f µs beside the flood%s; lost %.0f",
                        median(scene, shaper, SceneFigures.IDLE_P99),
                        median(scene, shaper, SceneFigures.ADDED_P99),
                        ratio(scene, shaper, SceneFigures.ADDED_P99),
                        median(scene, shaper, SceneFigures.LOST));
            case FAIRNESS ->
                String.format(
                        Locale.ROOT,
                        "Jain's index %.5f%s; who sends ten times as much has %.3f times what another has",
                        median(scene, shaper, SceneFigures.JAIN),
                        ratio(scene, shaper, SceneFigures.JAIN),
                        median(scene, shaper, SceneFigures.GREEDY));
        };
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
        boolean isMet = switch (scene) {
            case CLASSES ->
                median(scene, shaper, SceneFigures.LEAST_GUARANTEE) >= LEAST_OF_GUARANTEE
                        && median(scene, shaper, SceneFigures.FARTHEST_SHARE) <= FARTHEST_PERCENT;
            case URGENT ->
                median(scene, shaper, SceneFigures.ADDED_P99) < MOST_ADDED_US
                        && median(scene, shaper, SceneFigures.LOST) == 0;
            case FAIRNESS -> median(scene, shaper, SceneFigures.JAIN) >= LEAST_JAIN;
        };
        return isMet ? "met" : "MISSED";
    }
}
