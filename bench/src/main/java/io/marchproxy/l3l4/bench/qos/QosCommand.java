package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.bench.BenchFolder;
import io.marchproxy.l3l4.bench.Machine;
import io.marchproxy.l3l4.bench.peers.Cpus;
import io.marchproxy.l3l4.bench.peers.Failure;
import io.marchproxy.l3l4.bench.peers.Proc;
import io.marchproxy.l3l4.bench.peers.Programs;
import io.marchproxy.l3l4.bench.peers.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench qos}: how exactly a rate is held and a link shared out, ours beside {@code tc}. */
@Command(
        name = "qos",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Sends more than a rate lets pass through this proxy, tc tbf and tc htb in turns, over a wire between two network "
                    + "namespaces of its own, and prints from the kernel's time of each packet how far the long-run rate is off "
                    + "and how much the worst window lets pass at once. Then has several share a link of 100 Mbit/s, through this "
                    + "proxy and htb in turns: four classes that all want more (classes), P0 beside a flood (urgent), and "
                    + "sixteen clients of which one sends ten times as much (fairness; htb with a class for each as well, and with "
                    + "fq_codel and sfq where the kernel has them). And has two that react to marks and losses share 40 Mbit/s, "
                    + "with CoDel and without (codel). Needs root, two CPUs, iproute2, ethtool and tcpdump. "
                    + "What is counted: docs/BENCHMARKS.md."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it has measured, whatever the figures are",
            "2:the flags are wrong",
            "69:something is missing here: root, a CPU, a program",
            "70:a program failed; the message says which"
        })
public final class QosCommand implements Callable<Integer> {
    private static final List<String> PROGRAMS =
            List.of("ip", "tc", "ethtool", "tcpdump", "sysctl", "taskset", "timeout");
    private static final List<Shaper> SHAPERS = List.of(Shaper.OURS, Shaper.TBF, Shaper.HTB);
    private static final int MOST_MBITS = 100_000;
    private static final double QUICK_SECONDS = 1;

    /** Of a turn's begin: the burst, and a sender that finds its pace. */
    private static final long SKIP_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final int ATTEMPTS = 3;

    /** What UDP sends where nobody shapes: more than a thread can. */
    private static final long FLOOD_BITS = 10_000_000_000L;

    @Spec
    private CommandSpec spec;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: 3.")
    private int rounds = 3;

    @Option(names = "--seconds", paramLabel = "S", description = "Length of each turn. Default: 2.")
    private double seconds = 2;

    @Option(names = "--quick", description = "One round of short turns: does it work? No figures to keep.")
    private boolean quick;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "WHAT",
            description = "tcp-to-backend, tcp-to-client, udp-to-backend, udp-to-client; tcp, udp; classes, urgent, "
                    + "fairness, codel. Default: all.")
    private List<String> only = List.of();

    @Option(
            names = "--rates",
            split = ",",
            paramLabel = "MBIT",
            description = "Rates in Mbit/s. Default: 1,10,100,500,1000.")
    private List<Integer> rates = List.of(1, 10, 100, 500, 1_000);

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Every round's figures; a file under bench/target has them in any case.")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "The table for docs/QOS.md.")
    private @Nullable Path markdown;

    @Override
    public Integer call() throws InterruptedException {
        List<Case> cases = cases();
        List<Scene> scenes = Stream.of(Scene.values())
                .filter(scene -> only.isEmpty() || only.contains(scene.key()))
                .toList();
        if (quick) {
            rounds = 1;
            seconds = QUICK_SECONDS;
        }
        try {
            QosReport report = measure(cases, scenes);
            report.print(spec.commandLine().getOut());
            if (markdown != null) {
                Files.writeString(markdown, report.markdown());
            }
            if (json != null) {
                report.write(json);
            }
            return 0;
        } catch (IOException e) {
            return Failure.told(spec, e);
        }
    }

    private List<Case> cases() {
        if (rounds < 1 || seconds < QUICK_SECONDS) {
            throw new ParameterException(
                    spec.commandLine(), "--rounds takes 1 or more, --seconds " + QUICK_SECONDS + " or more");
        }
        if (rates.isEmpty()
                || rates.size() > QosStand.MOST_RATES
                || rates.stream().anyMatch(QosCommand::isOutside)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rates takes 1 to " + QosStand.MOST_RATES + " numbers, each from 1 to " + MOST_MBITS);
        }
        List<Case> all = Case.all(rates);
        for (String word : only) {
            if (all.stream().noneMatch(one -> isMeant(one, word))
                    && Stream.of(Scene.values()).noneMatch(scene -> scene.key().equals(word))) {
                throw new ParameterException(spec.commandLine(), "--only: there is no case " + word);
            }
        }
        return all.stream()
                .filter(one -> only.isEmpty() || only.stream().anyMatch(word -> isMeant(one, word)))
                .toList();
    }

    private static boolean isOutside(int mbits) {
        return mbits < 1 || mbits > MOST_MBITS;
    }

    private static boolean isMeant(Case one, String word) {
        return one.key().equals(word) || one.protocol().key().equals(word);
    }

    private QosReport measure(List<Case> cases, List<Scene> scenes) throws IOException, InterruptedException {
        Programs.require(PROGRAMS, "iproute2 ethtool tcpdump procps util-linux");
        Cpus cpus = Cpus.of(Proc.allowedCpus());
        Path raw = BenchFolder.figures("qos", "json");
        QosReport report = new QosReport(new ArrayList<>(describe(cpus)), new ArrayList<>(), new ArrayList<>());
        // This JVM looks at packets between the turns, where the load is.
        Cpus.stayOn(cpus.load());
        try (QosStand stand = QosStand.open(cpus, BenchFolder.projectRoot(), rates)) {
            Thread hook = new Thread(() -> stop(stand), "stop");
            Runtime.getRuntime().addShutdownHook(hook);
            List<String> keys = cases.stream().map(Case::key).distinct().toList();
            int turnsOfScenes =
                    scenes.stream().mapToInt(scene -> scene.shapers().size()).sum();
            Progress progress = new Progress(
                    System.err,
                    Progress.onTerminal(),
                    rounds * (cases.size() * SHAPERS.size() + keys.size() + turnsOfScenes)
                            + keys.size()
                            + cases.size()
                            + scenes.size());
            for (int round = 0; round <= rounds && !cases.isEmpty(); round++) {
                round(stand, cases, keys, round, report, progress);
                report.write(raw);
                progress.line(round == 0 ? "ours is warm" : "round " + round + " of " + rounds + " is done");
            }
            if (!scenes.isEmpty()) {
                play(stand, scenes, report, raw, progress);
            }
            Runtime.getRuntime().removeShutdownHook(hook);
        } finally {
            Cpus.stayOn(cpus.all());
        }
        spec.commandLine().getErr().println("every round's figures: " + raw);
        return report;
    }

    /** Round 0 warms ours up, without a rate and by every one, and is not counted. */
    private void round(
            QosStand stand, List<Case> cases, List<String> keys, int round, QosReport report, Progress progress)
            throws IOException, InterruptedException {
        for (String key : keys) {
            Case first = cases.stream()
                    .filter(one -> one.key().equals(key))
                    .findFirst()
                    .orElseThrow();
            progress.step("round " + round + " · " + key + " · " + Shaper.NOBODY.label());
            QosResult result = turn(stand, first, Shaper.NOBODY, round);
            if (round > 0) {
                report.results().add(result);
            }
        }
        for (Case one : cases) {
            List<Shaper> order = new ArrayList<>(round == 0 ? List.of(Shaper.OURS) : SHAPERS);
            Collections.rotate(order, -round);
            for (Shaper shaper : order) {
                progress.step(
                        "round " + round + " · " + one.key() + " · " + one.mbits() + " Mbit/s · " + shaper.label());
                QosResult result = turn(stand, one, shaper, round);
                if (round > 0) {
                    report.results().add(result);
                }
            }
        }
    }

    private void play(QosStand stand, List<Scene> scenes, QosReport report, Path raw, Progress progress)
            throws IOException, InterruptedException {
        SceneStand link = SceneStand.on(stand, BenchFolder.projectRoot());
        for (Scene scene : scenes) {
            for (Shaper shaper : scene.shapers()) {
                if (!link.has(shaper)) {
                    report.lines().add("not in this kernel, and not measured: " + shaper.label());
                }
            }
        }
        for (int round = 0; round <= rounds; round++) {
            play(link, scenes, round, report, progress);
            report.write(raw);
            progress.line("scenes: " + (round == 0 ? "ours is warm" : "round " + round + " of " + rounds));
        }
    }

    private void play(SceneStand link, List<Scene> scenes, int round, QosReport report, Progress progress)
            throws IOException, InterruptedException {
        for (Scene scene : scenes) {
            List<Shaper> order = new ArrayList<>(scene.shapers());
            if (round == 0) {
                order.removeIf(Shaper::isTc);
            }
            Collections.rotate(order, -round);
            for (Shaper shaper : order) {
                if (!link.has(shaper)) {
                    continue;
                }
                progress.step("round " + round + " · " + scene.key() + " · " + shaper.label());
                double length =
                        Math.max(seconds, quick || round == 0 ? scene.leastSeconds() : scene.leastSecondsToKeep());
                SceneFigures found =
                        measured(scene.key() + ", " + shaper.label(), () -> link.play(scene, shaper, length));
                if (round > 0) {
                    report.scenes().add(new SceneResult(scene, shaper, round, found));
                }
            }
        }
    }

    /** A turn that gives a figure, or throws {@link IllegalArgumentException} where too little came for one. */
    private interface Turn<T> {
        T take() throws IOException, InterruptedException;
    }

    /** Takes a turn; one in which the machine did something else, so that nothing came, is taken again. */
    private static <T> T measured(String what, Turn<T> turn) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return turn.take();
            } catch (IllegalArgumentException e) {
                if (attempt == ATTEMPTS) {
                    throw new IOException(what + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private QosResult turn(QosStand stand, Case one, Shaper shaper, int round)
            throws IOException, InterruptedException {
        boolean isFree = shaper == Shaper.NOBODY;
        double rate = isFree ? 0 : (double) one.rate();
        long untilNs = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        Conformance found = measured(
                one.key() + " at " + one.mbits() + " Mbit/s, " + shaper.label(),
                () -> Conformance.of(
                        stand.measure(one, shaper, seconds, FLOOD_BITS), shaper::counted, rate, SKIP_NS, untilNs));
        return isFree
                ? new QosResult(one.key(), 0, shaper, round, found.bitsPerSecond() / 1e6, 0, 0)
                : new QosResult(
                        one.key(),
                        one.mbits(),
                        shaper,
                        round,
                        100 * (found.bitsPerSecond() / one.rate() - 1),
                        found.excessBytes(),
                        one.burstBytes());
    }

    private List<String> describe(Cpus cpus) throws IOException, InterruptedException {
        return List.of(
                Machine.here().describe(),
                Programs.version("tc", "-V") + " · " + Programs.version("tcpdump", "--version"),
                String.format(
                        Locale.ROOT,
                        "ours on CPU %s, load and tcpdump on CPU %s; %d rounds of turns of %.1f s after one that warms ours up",
                        cpus.proxy(),
                        cpus.load(),
                        rounds,
                        seconds),
                Proc.describeLoad(),
                "counted: payload by ours, frames of Ethernet by tc; each is held to what it counts");
    }

    private static void stop(QosStand stand) {
        try {
            stand.close();
        } catch (IOException e) {
            System.err.println("bench qos: could not clean up: " + e.getMessage());
        }
    }
}
