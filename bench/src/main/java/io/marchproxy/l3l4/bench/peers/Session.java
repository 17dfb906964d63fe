package io.marchproxy.l3l4.bench.peers;

import io.marchproxy.l3l4.bench.BenchFolder;
import io.marchproxy.l3l4.bench.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A comparison from its first check to its results. Ctrl-C ends it with all that it has started. */
final class Session {
    private static final List<String> PROGRAMS =
            List.of("ip", "sysctl", "taskset", "kill", "nginx", "haproxy", "iperf3", "wrk");

    private volatile boolean stopped;
    private final Plan plan;
    private final Cpus cpus;
    private final List<String> lines = new ArrayList<>();
    private final Results results = new Results();
    private final Path raw = BenchFolder.figures("peers", "json");

    private Session(Plan plan, Cpus cpus) throws IOException {
        this.plan = plan;
        this.cpus = cpus;
    }

    /**
     * Checks that the machine has what it takes.
     *
     * @throws UnavailableException if not
     */
    static Session prepare(Plan plan) throws IOException {
        Programs.require(PROGRAMS, "iproute2 procps util-linux nginx-light libnginx-mod-stream haproxy iperf3 wrk");
        return new Session(plan.within(Proc.descriptorLimit()), Cpus.of(Proc.allowedCpus()));
    }

    /** The file with every round's raw values. */
    Path raw() {
        return raw;
    }

    /** Measures. */
    Run run() throws IOException, InterruptedException {
        describe();
        // This JVM waits most of the time; what it does, it does where the load is.
        Cpus.stayOn(cpus.load());
        try (Stand stand = Stand.open(cpus, BenchFolder.projectRoot(), plan.spin(), plan.connections())) {
            Thread hook = new Thread(() -> stop(stand), "stop");
            Runtime.getRuntime().addShutdownHook(hook);
            compare(stand);
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IOException e) {
            // What was killed on Ctrl-C fails, which is nothing to complain of.
            throw stopped ? new IOException("stopped", e) : e;
        } finally {
            Cpus.stayOn(cpus.all());
        }
        return new Run(lines, results);
    }

    private void compare(Stand stand) throws IOException, InterruptedException {
        Set<Peer> leftOut = leftOut(stand);
        Comparison comparison = new Comparison(stand, new Meter(stand, plan.connections()), plan, leftOut, raw);
        Progress progress = new Progress(System.err, Progress.onTerminal(), comparison.steps());
        comparison.run(results, progress, (group, round) -> {
            RunJson.write(raw, new Run(lines, results));
            progress.line(group.key() + ": "
                    + (round == 0 ? "all are warm" : "round " + round + " of " + plan.rounds() + " is done"));
        });
    }

    private Set<Peer> leftOut(Stand stand) throws IOException, InterruptedException {
        Set<Peer> leftOut = EnumSet.noneOf(Peer.class);
        for (Peer peer : Peer.values()) {
            if (!plan.asksFor(peer)) {
                leftOut.add(peer);
            }
        }
        if (leftOut.contains(Peer.OURS_SPIN)) {
            return leftOut;
        }
        String refusal = stand.refusal(Peer.OURS_SPIN);
        if (!refusal.isEmpty()) {
            leftOut.add(Peer.OURS_SPIN);
            lines.add("left out: " + Peer.OURS_SPIN.label() + ", since this version refuses engine.spin: " + refusal);
        }
        return leftOut;
    }

    private void describe() throws IOException, InterruptedException {
        lines.add(Machine.here().describe());
        lines.add(Programs.version("nginx", "-v") + " · " + Programs.version("haproxy", "-v") + " · "
                + Programs.version("iperf3", "--version"));
        lines.add("proxy on CPU " + cpus.proxy() + ", load and backends on CPU " + cpus.load() + "; " + plan.rounds()
                + " rounds of " + plan.seconds() + " s after one of " + plan.warmUpSeconds()
                + " s that warms up all alike");
        lines.add(Proc.describeLoad());
        if (plan.has(Group.IDLE)) {
            lines.add(plan.connections() + " idle connections, of " + PeersCommand.WANTED_CONNECTIONS
                    + " wanted: each takes two of the " + Proc.descriptorLimit()
                    + " descriptors that a process may have");
        }
    }

    private void stop(Stand stand) {
        stopped = true;
        try {
            stand.close();
        } catch (IOException e) {
            System.err.println("bench peers: could not clean up: " + e.getMessage());
        }
    }
}
