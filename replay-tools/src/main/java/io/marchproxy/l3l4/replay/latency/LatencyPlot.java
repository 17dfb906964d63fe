package io.marchproxy.l3l4.replay.latency;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import io.marchproxy.l3l4.replay.ResultFile;
import io.marchproxy.l3l4.replay.UnreadableException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Two plots in one picture: times by percentile, where each further nine takes the same room, and the highest percentile that was asked
 * for over time. Times stand on a logarithmic axis. Drawing is the library's, whose classes are loaded when a plot is asked for; but it
 * gives a logarithmic axis no labels of one's own, so logarithms are drawn on an even one.
 */
final class LatencyPlot {
    private static final int WIDTH = 1_000;
    private static final int HEIGHT = 460;
    private static final int TICKS_PER_HALF = 5;

    /** Beyond it, a run's few highest values would stretch the axis for nothing. */
    private static final double MOST_NINES = 7;

    /** Below it, an axis of time has a label at each tick; above, at each power of ten. */
    private static final double FEW_DECADES = 2;

    private static final double SECOND_MS = 1e3;

    private final double unitNs;
    private final Percentile percentile;
    private final int percentileIndex;

    /**
     * Draws with one percentile over time.
     *
     * @param unitNs what a histogram's number 1 stands for
     * @param percentiles as the slices have them; the highest below 100 is drawn
     */
    LatencyPlot(double unitNs, List<Percentile> percentiles) {
        this.unitNs = unitNs;
        int highest = 0;
        for (int i = 0; i < percentiles.size(); i++) {
            double value = percentiles.get(i).value();
            if (value < 100 && value > percentiles.get(highest).value()) {
                highest = i;
            }
        }
        percentile = percentiles.get(highest);
        percentileIndex = highest;
    }

    /** Writes an SVG or PNG, as the file's name ends. */
    void write(Path file, LatencyRun run, @Nullable LatencyRun other) throws IOException {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (!name.endsWith(".svg") && !name.endsWith(".png")) {
            throw new UnreadableException("--plot " + file + ": its name must end in .svg or .png");
        }
        System.setProperty("java.awt.headless", "true");
        List<XYChart> charts = List.of(byPercentile(run, other), overTime(run, other));
        try (ResultFile result = new ResultFile(file)) {
            try (OutputStream out = result.open()) {
                draw(charts, name.endsWith(".svg"), out);
            }
            result.complete();
        }
    }

    private static void draw(List<XYChart> charts, boolean isSvg, OutputStream out) throws IOException {
        if (isSvg) {
            VectorGraphics2D graphics = new VectorGraphics2D();
            paint(charts, graphics);
            // By way of memory: what goes wrong with the file would come back wrapped in faults of XML.
            ByteArrayOutputStream document = new ByteArrayOutputStream();
            Processors.get("svg")
                    .getDocument(graphics.getCommands(), new PageSize(0, 0, WIDTH, HEIGHT * charts.size()))
                    .writeTo(document);
            document.writeTo(out);
        } else {
            BufferedImage image = new BufferedImage(WIDTH, HEIGHT * charts.size(), BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
            paint(charts, graphics);
            graphics.dispose();
            ImageIO.write(image, "png", out);
        }
    }

    private static void paint(List<XYChart> charts, Graphics2D graphics) {
        AffineTransform top = graphics.getTransform();
        for (int i = 0; i < charts.size(); i++) {
            graphics.setTransform(top);
            graphics.translate(0, i * HEIGHT);
            charts.get(i).paint(graphics, WIDTH, HEIGHT);
        }
    }

    private XYChart byPercentile(LatencyRun run, @Nullable LatencyRun other) {
        XYChart chart = chart("Time by percentile", "percentile");
        chart.getStyler().setxAxisTickLabelsFormattingFunction(LatencyPlot::nines);
        run.totals().forEach((stage, histogram) -> curve(chart, stage, false, histogram));
        if (other != null) {
            other.totals().forEach((stage, histogram) -> curve(chart, stage, true, histogram));
        }
        label(chart);
        return chart;
    }

    private void curve(XYChart chart, String stage, boolean compared, Histogram histogram) {
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (HistogramIterationValue step : histogram.percentiles(TICKS_PER_HALF)) {
            double level = step.getPercentileLevelIteratedTo();
            double nines = -Math.log10(1 - level / 100);
            if (nines <= MOST_NINES) {
                x.add(nines);
                y.add(logarithm(step.getValueIteratedTo() * unitNs));
            }
        }
        if (!x.isEmpty()) {
            line(chart, stage, compared, x, y);
        }
    }

    private XYChart overTime(LatencyRun run, @Nullable LatencyRun other) {
        XYChart chart = chart(percentile.label() + " over time", "seconds since the run's first interval");
        series(chart, false, run);
        if (other != null) {
            series(chart, true, other);
        }
        label(chart);
        return chart;
    }

    private void series(XYChart chart, boolean compared, LatencyRun run) {
        Map<String, List<Double>> xs = new LinkedHashMap<>();
        Map<String, List<Double>> ys = new LinkedHashMap<>();
        for (Figures slice : run.slices()) {
            xs.computeIfAbsent(slice.stage(), _ -> new ArrayList<>()).add((slice.fromMs() - run.fromMs()) / SECOND_MS);
            ys.computeIfAbsent(slice.stage(), _ -> new ArrayList<>())
                    .add(logarithm(slice.atPercentiles().get(percentileIndex)));
        }
        // In the same order, and so in the same colours, as in the other plot.
        run.totals()
                .keySet()
                .forEach(stage -> line(
                        chart, stage, compared, xs.getOrDefault(stage, List.of()), ys.getOrDefault(stage, List.of())));
    }

    private static void line(XYChart chart, String stage, boolean compared, List<Double> x, List<Double> y) {
        XYSeries series = chart.addSeries(compared ? stage + " (compared)" : stage, x, y);
        series.setMarker(x.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setLineStyle(compared ? SeriesLines.DASH_DASH : SeriesLines.SOLID);
        XYSeries same = compared ? chart.getSeriesMap().get(stage) : null;
        if (same == null) {
            Color[] colors = chart.getStyler().getSeriesColors();
            series.setLineColor(colors[(chart.getSeriesMap().size() - 1) % colors.length]);
        } else {
            series.setLineColor(same.getLineColor());
        }
        series.setMarkerColor(series.getLineColor());
    }

    /** Of times on an even axis: their powers of ten, or all ticks where there are few. */
    private static void label(XYChart chart) {
        double lowest = Double.POSITIVE_INFINITY;
        double highest = Double.NEGATIVE_INFINITY;
        for (XYSeries series : chart.getSeriesMap().values()) {
            lowest = Math.min(lowest, series.getYMin());
            highest = Math.max(highest, series.getYMax());
        }
        if (highest - lowest >= FEW_DECADES) {
            chart.getStyler().setYAxisMin(Math.floor(lowest));
            chart.getStyler().setYAxisMax(Math.ceil(highest));
            chart.getStyler()
                    .setyAxisTickLabelsFormattingFunction(
                            power -> isWhole(power) ? Times.text(Math.pow(10, power)) : " ");
        } else {
            chart.getStyler().setyAxisTickLabelsFormattingFunction(power -> Times.text(Math.pow(10, power)));
        }
    }

    private static double logarithm(double ns) {
        return Math.log10(Math.max(1, ns));
    }

    private static boolean isWhole(double number) {
        return Math.abs(number - Math.rint(number)) < 1e-6;
    }

    private static XYChart chart(String title, String horizontal) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(horizontal)
                .yAxisTitle("time")
                .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        return chart;
    }

    /** The percentile at a number of nines: 0 is 0 %, 1 is 90 %, 2 is 99 %. */
    private static String nines(double nines) {
        if (!isWhole(nines)) {
            return " ";
        }
        return new BigDecimal(100)
                        .subtract(new BigDecimal(100).movePointLeft((int) Math.rint(nines)))
                        .stripTrailingZeros()
                        .toPlainString()
                + " %";
    }
}
