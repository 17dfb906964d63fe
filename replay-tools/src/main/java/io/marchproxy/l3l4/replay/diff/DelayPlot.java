package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.List;

/** Delays by percentile, the axis stretched where the tail is: each nine takes as much room as the one before. */
final class DelayPlot {
    private static final double NINES = 4;
    private static final double WHOLE = 100;
    private static final List<Double> MARKS = List.of(0.0, 50.0, 90.0, 99.0, 99.9, 99.99);

    private DelayPlot() {}

    static String of(String title, DelayFigures before, DelayFigures after) {
        List<Plot.Mark> marks = MARKS.stream()
                .map(percentile -> new Plot.Mark(
                        x(percentile),
                        "p"
                                + (percentile == Math.rint(percentile)
                                        ? Long.toString(Math.round(percentile))
                                        : Double.toString(percentile))))
                .toList();
        return Plot.lines(
                title,
                List.of(
                        new Plot.Curve("before", "recorded", points(before)),
                        new Plot.Curve("after", "candidate", points(after))),
                marks,
                Units::duration);
    }

    private static List<double[]> points(DelayFigures delay) {
        List<double[]> points = new ArrayList<>();
        for (int i = 0; i < DelayFigures.CURVE.size(); i++) {
            double percentile = DelayFigures.CURVE.get(i);
            if (percentile < WHOLE) {
                points.add(new double[] {x(percentile), delay.curveNs().get(i)});
            }
        }
        return points;
    }

    private static double x(double percentile) {
        return Math.min(1, -Math.log10(1 - percentile / WHOLE) / NINES);
    }
}
