package io.marchproxy.l3l4.bench.faults;

import io.marchproxy.l3l4.bench.BenchFolder;
import io.marchproxy.l3l4.bench.Machine;
import io.marchproxy.l3l4.bench.Main;
import io.marchproxy.l3l4.bench.peers.Failure;
import io.marchproxy.l3l4.bench.peers.Namespace;
import io.marchproxy.l3l4.bench.peers.Proc;
import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench faults}: how long clients feel it when a backend fails. */
@Command(
        name = "faults",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Has one of two real backends fail again and again behind a proxy with its default settings, in a network namespace "
                    + "of its own, while clients ask every 5 ms; prints how long it takes until the other answers them, and "
                    + "whether the proxy's recording of it verifies. Needs root, ip, nft and kill. What each figure is: "
                    + "docs/HEALTH.md."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it has measured, whatever the figures are",
            "1:a recording does not verify; it stays where the report says",
            "2:the flags are wrong",
            "69:something is missing here: root, a program",
            "70:a program failed; the message says which"
        })
public final class FaultsCommand implements Callable<Integer> {
    private static final int QUICK = 3;
    private static final int DIFFERENT = 1;

    /** Faults of each kind before those that count: a proxy that has just started is not what clients meet. */
    private static final int WARM_UP = 2;

    private static final List<String> PROGRAMS = List.of("ip", "nft", "kill", "sysctl", "taskset");

    @Spec
    private CommandSpec spec;

    @Option(names = "--faults", paramLabel = "N", description = "Faults of each kind. Default: 100.")
    private int faults = 100;

    @Option(names = "--quick", description = "Three faults of each kind: does it work? No figures to keep.")
    private boolean quick;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "KIND",
            description = "killed, frozen, blackholed, resetting, slow (TCP connections), udp-killed, udp-frozen, "
                    + "udp-blackholed (one UDP session). Default: all.")
    private List<String> only = List.of();

    @Option(
            names = "--no-recording",
            description =
                    "The proxy records nothing (engine.journal.mode: off), as it does by default; nothing is verified.")
    private boolean unrecorded;

    @Option(names = "--seed", paramLabel = "N", description = "Of the moments at which backends fail. Default: 1.")
    private long seed = 1;

    @Option(names = "--json", paramLabel = "FILE", description = "Every fault's figures.")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "The table.")
    private @Nullable Path markdown;

    @Option(
            names = "--hlog",
            paramLabel = "FILE",
            description =
                    "The times as an HdrHistogram log, for replay-tools latency. Default: a file under bench/target.")
    private @Nullable Path hlog;

    @Option(names = "--inside", hidden = true, description = "It stands in its namespace already.")
    private boolean inside;

    @Override
    public Integer call() throws InterruptedException {
        List<FaultKind> kinds = kinds();
        try {
            if (inside) {
                return measure(kinds);
            }
            Programs.require(PROGRAMS, "iproute2 nftables procps util-linux");
            return enter();
        } catch (IOException e) {
            return Failure.told(spec, e);
        }
    }

    private List<FaultKind> kinds() {
        if (faults < 1) {
            throw new ParameterException(spec.commandLine(), "--faults takes 1 or more");
        }
        List<FaultKind> chosen = Stream.of(FaultKind.values())
                .filter(kind -> only.isEmpty() || only.contains(kind.key()))
                .toList();
        for (String word : only) {
            if (chosen.stream().noneMatch(kind -> kind.key().equals(word))) {
                throw new ParameterException(spec.commandLine(), "--only: there is no fault " + word);
            }
        }
        return chosen;
    }

    /** Runs this command again within a namespace, where all that it starts is too; what is left of it ends with that. */
    private int enter() throws IOException, InterruptedException {
        String cpus = Proc.allowedCpus().stream().map(String::valueOf).collect(Collectors.joining(","));
        try (Namespace namespace = Namespace.create("faults")) {
            Thread hook = new Thread(() -> close(namespace), "stop");
            Runtime.getRuntime().addShutdownHook(hook);
            Process process = new ProcessBuilder(namespace.command(cpus, again()))
                    .redirectErrorStream(false)
                    .redirectOutput(ProcessBuilder.Redirect.PIPE)
                    .redirectError(ProcessBuilder.Redirect.PIPE)
                    .start();
            process.getOutputStream().close();
            Thread errors = Thread.startVirtualThread(() ->
                    process.errorReader().lines().forEach(spec.commandLine().getErr()::println));
            process.inputReader().lines().forEach(spec.commandLine().getOut()::println);
            errors.join();
            int code = process.waitFor();
            Runtime.getRuntime().removeShutdownHook(hook);
            return code;
        }
    }

    private List<String> again() {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "faults",
                "--inside",
                "--faults",
                Integer.toString(quick ? QUICK : faults),
                "--seed",
                Long.toString(seed)));
        if (!only.isEmpty()) {
            command.addAll(List.of("--only", String.join(",", only)));
        }
        if (unrecorded) {
            command.add("--no-recording");
        }
        add(command, "--json", json);
        add(command, "--markdown", markdown);
        add(command, "--hlog", hlog);
        return command;
    }

    private static void add(List<String> command, String flag, @Nullable Path file) {
        if (file != null) {
            command.addAll(List.of(flag, file.toAbsolutePath().toString()));
        }
    }

    private static void close(Namespace namespace) {
        try {
            namespace.close();
        } catch (IOException e) {
            System.err.println("bench faults: could not clean up: " + e.getMessage());
        }
    }

    private int measure(List<FaultKind> kinds) throws IOException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        List<String> lines = List.of(
                Machine.here().describe(),
                String.format(
                        Locale.ROOT,
                        "%d faults of each kind after %d that don't count, seed %d; %s",
                        faults,
                        WARM_UP,
                        seed,
                        Proc.describeLoad()));
        long startMs = System.currentTimeMillis();
        List<FaultFigures> figures = new ArrayList<>();
        SplittableRandom moments = new SplittableRandom(seed);
        for (FaultKind kind : kinds) {
            figures.add(measure(kind, moments));
            err.println(kind.key() + ": " + faults + " faults are done");
        }
        write(new FaultReport(lines, figures), startMs);
        return figures.stream().anyMatch(each -> each.verified().differs()) ? DIFFERENT : 0;
    }

    /** By a proxy of its own, so that each kind has a recording of its own. */
    private FaultFigures measure(FaultKind kind, SplittableRandom moments) throws IOException, InterruptedException {
        try (FaultStand stand = new FaultStand(BenchFolder.projectRoot(), !unrecorded)) {
            FaultSession session = new FaultSession(stand, moments);
            List<Recovery> recoveries = new ArrayList<>();
            for (int i = 0; i < WARM_UP; i++) {
                session.once(kind);
            }
            for (int i = 0; i < faults; i++) {
                recoveries.add(session.once(kind));
            }
            return new FaultFigures(kind, recoveries, stand.verify());
        }
    }

    private void write(FaultReport report, long startMs) throws IOException {
        report.print(spec.commandLine().getOut());
        if (json != null) {
            report.json(json);
        }
        if (markdown != null) {
            report.markdown(markdown);
        }
        Path log = hlog == null ? BenchFolder.figures("faults", "hlog") : hlog;
        report.hlog(log, startMs, System.currentTimeMillis());
        spec.commandLine().getErr().println("times: " + log);
    }
}
