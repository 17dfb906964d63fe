package io.marchproxy.l3l4.replay.diff;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** Plots of what was and what would be, as SVG that takes its colours from the page. */
final class Plot {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 220;
    private static final int LEFT = 74;
    private static final int RIGHT = 14;
    private static final int TOP = 12;
    private static final int BOTTOM = 30;
    private static final int ROW = 40;
    private static final int BAR = 13;
    private static final int LABELS = 170;
    private static final int VALUES = 84;

    /** A place on the x axis, from 0 to 1, with its label. */
    record Mark(double at, String label) {}

    /** Points from left to right: x from 0 to 1, y in the unit of the axis. */
    record Curve(String side, String name, List<double[]> points) {}

    /** A bar's label, and both values. */
    record Bars(String label, double before, double after) {}

    private final StringBuilder svg = new StringBuilder();
    private final Formatter format = new Formatter(svg, Locale.ROOT);

    private Plot() {}

    /** Lines over a common axis. */
    static String lines(String title, List<Curve> curves, List<Mark> marks, DoubleFunction<String> unit) {
        return new Plot().linesOf(title, curves, marks, unit);
    }

    /** Pairs of bars, one below the other. */
    static String bars(String title, List<Bars> bars, DoubleFunction<String> unit) {
        return new Plot().barsOf(title, bars, unit);
    }

    private String linesOf(String title, List<Curve> curves, List<Mark> marks, DoubleFunction<String> unit) {
        double largest = 0;
        for (Curve curve : curves) {
            for (double[] point : curve.points()) {
                largest = Math.max(largest, point[1]);
            }
        }
        Axis axis = Axis.upTo(largest);
        begin(title, HEIGHT);
        for (double tick : axis.ticks()) {
            double y = y(tick, axis);
            format.format(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>%n", LEFT, WIDTH - RIGHT, y, y);
            text(LEFT - 6, y + 4, "end", unit.apply(tick));
        }
        for (Mark mark : marks) {
            double x = x(mark.at());
            format.format(
                    "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>%n",
                    x, x, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 4);
            String anchor = mark.at() < 0.02 ? "start" : mark.at() > 0.98 ? "end" : "middle";
            text(x, HEIGHT - BOTTOM + 18, anchor, mark.label());
        }
        for (Curve curve : curves) {
            StringBuilder path = new StringBuilder();
            for (double[] point : curve.points()) {
                path.append(String.format(
                        Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x(point[0]), y(point[1], axis)));
            }
            format.format(
                    "<path class=\"%s\" d=\"%s\"><title>%s</title></path>%n",
                    curve.side(), path, Markup.escaped(curve.name()));
        }
        return end();
    }

    private static double x(double at) {
        return LEFT + at * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, Axis axis) {
        return HEIGHT - BOTTOM - value / axis.end() * (HEIGHT - TOP - BOTTOM);
    }

    private String barsOf(String title, List<Bars> bars, DoubleFunction<String> unit) {
        double largest = 0;
        for (Bars bar : bars) {
            largest = Math.max(largest, Math.max(bar.before(), bar.after()));
        }
        begin(title, bars.size() * ROW + TOP);
        double room = WIDTH - LABELS - VALUES;
        int top = TOP / 2;
        for (Bars bar : bars) {
            text(LABELS - 8, top + BAR + 5, "end", shortened(bar.label()));
            bar("before", top, largest == 0 ? 0 : bar.before() / largest * room, unit.apply(bar.before()), bar);
            bar("after", top + BAR + 2, largest == 0 ? 0 : bar.after() / largest * room, unit.apply(bar.after()), bar);
            top += ROW;
        }
        return end();
    }

    private void bar(String side, int top, double length, String value, Bars bar) {
        format.format(
                "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>%s</title></rect>%n",
                side, LABELS, top, Math.max(length, 1), BAR, Markup.escaped(bar.label() + ", " + side + ": " + value));
        text(LABELS + Math.max(length, 1) + 6, top + BAR - 2, "start", value);
    }

    private static String shortened(String label) {
        int most = 26;
        return label.length() <= most ? label : label.substring(0, most - 1) + "…";
    }

    private void begin(String title, int height) {
        svg.append("<figure><figcaption>").append(Markup.escaped(title)).append("</figcaption>\n");
        format.format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n", WIDTH, height, Markup.escaped(title));
    }

    private String end() {
        return svg.append("</svg></figure>\n").toString();
    }

    private void text(double x, double y, String anchor, String content) {
        format.format(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, Markup.escaped(content));
    }
}
