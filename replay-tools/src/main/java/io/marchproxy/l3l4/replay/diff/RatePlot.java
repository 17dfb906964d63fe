package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.List;

/** Rates over time: as many steps as a plot can show, each the mean of its time. */
final class RatePlot {
    private static final int STEPS = 240;
    private static final int MARKS = 5;
    private static final double BITS_PER_BYTE_AND_MS = 8000.0;

    private RatePlot() {}

    static String of(String title, Timeline before, Timeline after) {
        boolean hasBefore = !before.bytes().isEmpty();
        boolean hasAfter = !after.bytes().isEmpty();
        if (!hasBefore && !hasAfter) {
            return "";
        }
        long begin =
                Math.min(hasBefore ? before.beginMs() : Long.MAX_VALUE, hasAfter ? after.beginMs() : Long.MAX_VALUE);
        long end = Math.max(hasBefore ? before.endMs() : Long.MIN_VALUE, hasAfter ? after.endMs() : Long.MIN_VALUE);
        long width = Math.max(before.widthMs(), after.widthMs());
        long step = width * Math.max(1, Math.ceilDiv(end - begin, width * STEPS));
        List<Plot.Mark> marks = new ArrayList<>();
        for (int i = 0; i < MARKS; i++) {
            double at = (double) i / (MARKS - 1);
            marks.add(new Plot.Mark(at, Units.clock(begin + Math.round(at * (end - begin)))));
        }
        return Plot.lines(
                title,
                List.of(
                        new Plot.Curve("before", "recorded", points(before, begin, end, step)),
                        new Plot.Curve("after", "candidate", points(after, begin, end, step))),
                marks,
                Units::rate);
    }

    private static List<double[]> points(Timeline timeline, long begin, long end, long step) {
        double[] bytes = new double[(int) Math.ceilDiv(end - begin, step)];
        for (int i = 0; i < timeline.bytes().size(); i++) {
            bytes[(int) ((timeline.beginMs() + i * timeline.widthMs() - begin) / step)] +=
                    timeline.bytes().get(i);
        }
        List<double[]> points = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            long from = begin + i * step;
            long to = Math.min(end, from + step);
            double rate = bytes[i] * BITS_PER_BYTE_AND_MS / (to - from);
            points.add(new double[] {(double) (from - begin) / (end - begin), rate});
            points.add(new double[] {(double) (to - begin) / (end - begin), rate});
        }
        return points;
    }
}
