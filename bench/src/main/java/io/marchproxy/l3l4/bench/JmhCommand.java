package io.marchproxy.l3l4.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench jmh}: JMH with this project's defaults and a table that says what it was measured on. */
@Command(
        name = "jmh",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the JMH benchmarks whose names a regular expression matches (all without one), prints a table,",
            "and writes JSON under bench/target."
        })
final class JmhCommand implements Callable<Integer> {
    private static final String ALLOCATION = "gc.alloc.rate.norm";

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "REGEX", description = "Such as Pipeline, or StageBenchmark.mark.")
    private String include = "";

    @Option(names = "--quick", description = "Shorter: for a first look, not for a figure to keep.")
    private boolean quick;

    @Option(
            names = "--flows",
            split = ",",
            paramLabel = "N",
            description = "Flows for the benchmarks that have them; default 1000,100000. 10000000 takes 1.6 GB.")
    private List<Integer> flows = List.of();

    @Option(names = "--gc", description = "Measures allocation too: adds a column B/op.")
    private boolean gc;

    @Option(
            names = "--jmh",
            paramLabel = "OPTIONS",
            description =
                    "Options of JMH's own, in one word: --jmh='-f 3 -p rules=10', --jmh=-l to list, --jmh=-h for all.")
    private String jmhOptions = "";

    @Override
    public Integer call() throws IOException, RunnerException {
        String[] words =
                jmhOptions.isBlank() ? new String[0] : jmhOptions.strip().split("\\s+");
        CommandLineOptions jmh = parse(words);
        if (jmh.shouldHelp() || jmh.shouldList()) {
            org.openjdk.jmh.Main.main(words);
            return 0;
        }
        Path folder = BenchFolder.find().resolve("target");
        Files.createDirectories(folder);
        Path json = folder.resolve("jmh-"
                + LocalDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")) + ".json");
        OutputFormat progress = OutputFormatFactory.createFormatInstance(
                new PrintStream(System.err, true), jmh.verbosity().orElse(VerboseMode.NORMAL));
        Collection<RunResult> results = new Runner(options(jmh, json).build(), progress).run();
        print(spec.commandLine().getOut(), results, json);
        return 0;
    }

    private CommandLineOptions parse(String[] words) {
        try {
            return new CommandLineOptions(words);
        } catch (CommandLineOptionException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ChainedOptionsBuilder options(CommandLineOptions jmh, Path json) {
        ChainedOptionsBuilder builder = new OptionsBuilder()
                .parent(jmh)
                .resultFormat(ResultFormatType.JSON)
                .result(json.toString());
        if (!include.isEmpty()) {
            builder.include(include);
        }
        if (quick) {
            builder.warmupIterations(2)
                    .warmupTime(TimeValue.milliseconds(300))
                    .measurementIterations(3)
                    .measurementTime(TimeValue.milliseconds(200));
        }
        if (!flows.isEmpty()) {
            builder.param("flows", flows.stream().map(String::valueOf).toArray(String[]::new));
        }
        if (gc) {
            builder.addProfiler(GCProfiler.class);
        }
        return builder;
    }

    private void print(PrintWriter out, Collection<RunResult> results, Path json) {
        out.println(Machine.here().describe());
        out.printf(Locale.ROOT, "%-72s %10s %8s %9s%s%n", "benchmark", "ns/op", "±", "Mop/s", gc ? "      B/op" : "");
        for (RunResult result : results) {
            Result<?> time = result.getPrimaryResult();
            out.printf(
                    Locale.ROOT,
                    "%-72s %10.2f %8s %9.2f%s%n",
                    name(result),
                    time.getScore(),
                    Double.isNaN(time.getScoreError()) ? "" : String.format(Locale.ROOT, "%.2f", time.getScoreError()),
                    1_000 / time.getScore(),
                    gc ? allocation(result) : "");
        }
        out.println("Mop/s of a pipeline are Mpps of one core. Written to " + json);
    }

    private static String name(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        String shortName = benchmark.substring(benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1);
        String parameters = result.getParams().getParamsKeys().stream()
                .map(key -> key + "=" + result.getParams().getParam(key))
                .collect(Collectors.joining(" "));
        return (shortName + " " + parameters).strip();
    }

    /** Bytes per operation, to a tenth: JMH's own objects between iterations come to less. */
    private static String allocation(RunResult result) {
        Result<?> bytes = result.getSecondaryResults().get(ALLOCATION);
        return bytes == null ? "" : String.format(Locale.ROOT, "%10.1f", bytes.getScore());
    }
}
