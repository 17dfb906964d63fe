package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench peers}: the proxy beside nginx stream and haproxy. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs this proxy, nginx stream and haproxy in turns on the same CPU of this machine, in a network namespace of "
                    + "its own, and prints medians, spread, ratios, and whether the project's aims are met. Needs root, "
                    + "two CPUs and the programs of .ci/packages. How fairness is kept: docs/BENCHMARKS.md."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it has measured, whatever the figures are",
            "2:the flags are wrong",
            "69:something is missing here: root, a CPU, a program",
            "70:a program failed; the message says which"
        })
public final class PeersCommand implements Callable<Integer> {
    /** Idle connections unless told otherwise. */
    static final int WANTED_CONNECTIONS = 20_000;

    private static final int FEWEST_CONNECTIONS = 1_000;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Rounds that count, after one that warms up. Default: 3.")
    private int rounds = 3;

    @Option(names = "--seconds", paramLabel = "S", description = "Length of each turn. Default: 2.")
    private int seconds = 2;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description = "Length of each turn of the round that warms up all alike. Default: 4.")
    private int warmUp = 4;

    @Option(names = "--quick", description = "One round of one second: does it work? No figures to keep.")
    private boolean quick;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "WHAT",
            description = "tcp, wrk, udp, idle, or single measurements: tcp1, tcp4, wrk1, wrk64, udp64, udp1400,"
                    + " udp64-lossless, udp64-merged, udp1400-merged, udp64-latency, udp1400-latency. Default: all.")
    private List<String> only = List.of();

    @Option(
            names = "--spin",
            arity = "0..1",
            fallbackValue = "50us",
            paramLabel = "BUDGET",
            description = "Adds a variant of ours with engine.spin: BUDGET (50us unless given).")
    private String spin = "";

    @Option(
            names = "--journal",
            description =
                    "What a journal costs: ours without one and with one in the modes flows and packets, and nobody"
                            + " else.")
    private boolean journal;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Idle connections. Default: 20000, or what the limit of descriptors carries.")
    private int connections = WANTED_CONNECTIONS;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Every round's raw values; a file under bench/target has them in any case.")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "The tables for docs/PERFORMANCE.md.")
    private @Nullable Path markdown;

    @Option(
            names = "--from",
            split = ",",
            paramLabel = "FILE",
            description = "Measures nothing: makes one report of these files of raw values, pieces of one comparison.")
    private List<Path> from = List.of();

    @Override
    public Integer call() throws InterruptedException {
        Plan plan = plan();
        try {
            report(from.isEmpty() ? measure(plan) : join(from));
            return 0;
        } catch (IOException e) {
            return Failure.told(spec, e);
        }
    }

    private Plan plan() {
        if (rounds < 1 || seconds < 1 || warmUp < 1 || connections < FEWEST_CONNECTIONS) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rounds, --seconds and --warm-up take 1 or more, --connections " + FEWEST_CONNECTIONS
                            + " or more");
        }
        return quick
                ? new Plan(kinds(), 1, 1, 1, connections, spin, journal)
                : new Plan(kinds(), rounds, seconds, warmUp, connections, spin, journal);
    }

    private List<Kind> kinds() {
        Set<Kind> chosen = EnumSet.noneOf(Kind.class);
        for (String word : only) {
            List<Kind> meant = Stream.of(Kind.values())
                    .filter(kind ->
                            kind.key().equals(word) || kind.group().key().equals(word))
                    .toList();
            if (meant.isEmpty()) {
                throw new ParameterException(spec.commandLine(), "--only: there is no measurement " + word);
            }
            chosen.addAll(meant);
        }
        return only.isEmpty() ? List.of(Kind.values()) : List.copyOf(chosen);
    }

    private Run measure(Plan plan) throws IOException, InterruptedException {
        Session session = Session.prepare(plan);
        Run run = session.run();
        if (json != null) {
            RunJson.write(json.toAbsolutePath(), run);
        }
        spec.commandLine().getErr().println("raw values: " + session.raw());
        if (plan.kinds().stream().anyMatch(Kind::hasLatencies)) {
            spec.commandLine()
                    .getErr()
                    .println("latencies: "
                            + session.raw().toString().replaceFirst("\\.json$", ".*.hlog")
                            + ", for replay-tools latency");
        }
        return run;
    }

    private static Run join(List<Path> files) throws IOException {
        List<String> lines = new ArrayList<>();
        Results results = new Results();
        for (Path file : files) {
            Run run = RunJson.read(file);
            run.lines().stream().filter(line -> !lines.contains(line)).forEach(lines::add);
            results.addAll(run.results());
        }
        return new Run(lines, results);
    }

    private void report(Run run) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        TextReport.print(out, run);
        out.flush();
        if (markdown != null) {
            Files.writeString(markdown, MarkdownReport.write(run));
        }
    }
}
