package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.Values;
import io.marchproxy.l3l4.replay.TimeBound;
import io.marchproxy.l3l4.replay.UnreadableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What HdrHistogram logs say: our own, and anybody's. */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description =
                "Shows latencies out of HdrHistogram logs (the service's data-dir/latency/*.hlog, or anybody's) by stage and over"
                        + " time, and how two runs differ. A stage is a line's tag; where lines have none, the file's name. Several"
                        + " files make one run, as those of a service's shards.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:read, and no bound of --fail-above was passed",
            "1:a bound was passed; each is named on standard error",
            "2:a file can't be read as a log; file and line are named"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  replay-tools latency data/latency/shard-*.hlog --every 10s",
            "  replay-tools latency data/latency/shard-0.hlog --fail-above total:p99=1ms --fail-above p99.9=5ms",
            "  replay-tools latency after.hlog --compare before.hlog --plot difference.svg"
        })
public final class LatencyCommand implements Callable<Integer> {
    private static final int PASSED = 1;
    private static final Map<String, Double> UNITS = Map.of("ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9);

    enum Format {
        TABLE,
        JSON,
        CSV
    }

    @Parameters(paramLabel = "FILE.hlog", arity = "1..*", description = "Logs of one run.")
    private List<Path> files = List.of();

    @Option(
            names = "--compare",
            paramLabel = "OTHER.hlog",
            arity = "1..*",
            description = "Logs of another run; differences are this run's less that one's. Stands after FILE.")
    private List<Path> others = List.of();

    @Option(names = "--stage", paramLabel = "STAGE", description = "Only this stage; may be repeated.")
    private List<String> stages = List.of();

    @Option(
            names = "--percentiles",
            split = ",",
            paramLabel = "P",
            converter = Percentile.Converter.class,
            defaultValue = "50,90,99,99.9,99.99",
            description = "Percentiles to show, such as 50,99.9. Default: ${DEFAULT-VALUE}.")
    private List<Percentile> percentiles = List.of();

    @Option(
            names = "--every",
            paramLabel = "TIME",
            converter = Slice.class,
            description = "Also over time, in slices as long as this, such as 10s.")
    private @Nullable Duration every;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Only intervals that begin then or later, written " + TimeBound.FORMS + ".")
    private @Nullable TimeBound from;

    @Option(
            names = "--to",
            paramLabel = "TIME",
            converter = TimeBound.Converter.class,
            description = "Only intervals that begin earlier.")
    private @Nullable TimeBound to;

    @Option(
            names = "--fail-above",
            paramLabel = "[STAGE:]P=TIME",
            converter = Threshold.Converter.class,
            description =
                    "Ends with 1 when a percentile, max or mean of the run is higher, such as p99=1ms or egress:p99.9=5ms; may be"
                            + " repeated.")
    private List<Threshold> thresholds = List.of();

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "table",
            description =
                    "table, json or csv; the latter two with all times in nanoseconds. Default: ${DEFAULT-VALUE}.")
    private Format format = Format.TABLE;

    @Option(
            names = "--unit",
            paramLabel = "UNIT",
            defaultValue = "ns",
            description =
                    "What a log's number 1 stands for: ns, us, ms or s. Ours and jHiccup's are in ns; no log says it. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String unit = "ns";

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            description = "Also draws percentiles and a course over time, as .svg or .png.")
    private @Nullable Path plot;

    @Spec
    private CommandSpec spec;

    /** Reads the length of a slice. */
    static final class Slice implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Values.duration(Duration.ofMillis(1), Duration.ofDays(366))
                        .read(text);
            } catch (BadValueException e) {
                throw new TypeConversionException(
                        "'" + text + "' " + e.problem() + (e.meant() == null ? "" : ", perhaps " + e.meant()));
            }
        }
    }

    @Override
    public Integer call() throws IOException {
        Double unitNs = UNITS.get(unit.toLowerCase(Locale.ROOT));
        if (unitNs == null) {
            throw new UnreadableException("--unit is ns, us, ms or s, not " + unit);
        }
        Duration slices = every;
        long sliceMs = slices != null ? slices.toMillis() : plot != null ? -1 : 0;
        var selection = new LatencyRun.Selection(stages, from, to, sliceMs, unitNs, percentiles);
        LatencyRun run = LatencyRun.read(files, selection);
        LatencyRun other = others.isEmpty() ? null : LatencyRun.read(others, selection);
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        switch (format) {
            case TABLE -> new LatencyReport(out, percentiles).print(run, other, unit, slices != null);
            case JSON -> new LatencyJson(percentiles).print(out, run, other, slices != null);
            case CSV -> new LatencyCsv(out).print(run, other, slices != null, percentiles);
        }
        run.notes().forEach(err::println);
        if (other != null) {
            other.notes().forEach(err::println);
        }
        Path picture = plot;
        if (picture != null) {
            new LatencyPlot(unitNs, percentiles).write(picture, run, other);
        }
        List<String> passed = passed(run, unitNs);
        passed.forEach(err::println);
        return passed.isEmpty() ? ExitCode.OK : PASSED;
    }

    private List<String> passed(LatencyRun run, double unitNs) throws UnreadableException {
        List<String> lines = new ArrayList<>();
        for (Threshold threshold : thresholds) {
            boolean found = false;
            for (Map.Entry<String, Histogram> total : run.totals().entrySet()) {
                if (threshold.concerns(total.getKey())) {
                    found = true;
                    double actualNs = threshold.actualNs(total.getValue(), unitNs);
                    if (actualNs > threshold.mostNs()) {
                        lines.add(total.getKey() + ": " + threshold.what() + " is " + Times.text(actualNs) + ", above "
                                + Times.text((double) threshold.mostNs()) + " (--fail-above " + threshold.text() + ")");
                    }
                }
            }
            if (!found) {
                throw new UnreadableException("--fail-above " + threshold.text() + ": there is no stage "
                        + threshold.stage() + " besides "
                        + String.join(", ", run.totals().keySet()));
            }
        }
        return lines;
    }
}
