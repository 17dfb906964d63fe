package io.marchproxy.l3l4.bench.faults;

import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A proxy with its default settings, and two backends: all clients go to the first while it is well (priority tiers). What the
 * proxy decides is recorded, if wanted. Stands in a namespace that is its own.
 */
final class FaultStand implements AutoCloseable {
    static final String FAILING = "A";
    static final String OTHER = "B";
    static final int PROXY = 8080;
    private static final int ADMIN = 8081;
    private static final int FAILING_PORT = 9001;
    private static final int OTHER_PORT = 9002;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    /** Of a recording, on disk; beyond it the oldest goes, and the rest verifies from a checkpoint on. */
    private static final String MOST_RECORDED = "1GB";

    private static final long LOOK_MS = 5;

    private final Path root;
    private final boolean recording;
    private final Path folder = Files.createTempDirectory("pl34-faults-");
    private final Path data = folder.resolve("data");
    private final Path log = folder.resolve("log");
    private final Path config = folder.resolve("proxy.yaml");
    private final Process proxy;
    private final FaultBackend other;
    private FaultBackend failing;
    private FaultBackend spare;
    private int generation;
    private boolean kept;

    /**
     * Builds it; it serves when this returns.
     *
     * @param recording whether every packet and what was decided about it is recorded
     */
    FaultStand(Path root, boolean recording) throws IOException, InterruptedException {
        this.root = root;
        this.recording = recording;
        nft("add table inet faults");
        nft("add chain inet faults in { type filter hook input priority 0; }");
        other = FaultBackend.start(OTHER, log);
        failing = FaultBackend.start(FAILING, log);
        spare = FaultBackend.start(FAILING, log);
        other.listen(OTHER_PORT);
        failing.listen(FAILING_PORT);
        write();
        proxy = new ProcessBuilder(root.resolve("bin/proxy-l3l4").toString(), "run", "--config", config.toString())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        await("serves", text -> text.contains("\"ready\" : true"));
    }

    /**
     * Puts two backends into force that are new to the proxy, at the same addresses: it knows nothing of their former faults,
     * which would keep them out for longer each time.
     */
    void renew() throws IOException, InterruptedException {
        // Its start would take the CPU from the fault that is measured.
        spare.ready();
        generation++;
        write();
        Programs.run(List.of("kill", "-HUP", Long.toString(proxy.pid())));
        String id = "\"" + FAILING + "-" + generation + "\"";
        await("takes the configuration over", text -> text.contains(id));
    }

    /** Has the first backend fail. */
    void fail(FaultKind kind) throws IOException, InterruptedException {
        switch (kind) {
            case KILLED, UDP_KILLED -> failing.kill();
            case FROZEN, UDP_FROZEN -> failing.signal("STOP");
            case BLACKHOLED, UDP_BLACKHOLED -> {
                String rule = "add rule inet faults in meta l4proto { tcp, udp } th ";
                nft(rule + "dport " + FAILING_PORT + " drop; " + rule + "sport " + FAILING_PORT + " drop");
            }
            case RESETTING, SLOW -> failing.mode(kind.name());
        }
    }

    /** Makes it well again. */
    void repair(FaultKind kind) throws IOException, InterruptedException {
        switch (kind) {
            case KILLED, UDP_KILLED -> {
                failing = spare;
                spare = FaultBackend.start(FAILING, log);
                failing.listen(FAILING_PORT);
            }
            case FROZEN, UDP_FROZEN -> failing.signal("CONT");
            case BLACKHOLED, UDP_BLACKHOLED -> nft("flush chain inet faults in");
            case RESETTING, SLOW -> failing.mode("NORMAL");
        }
    }

    /** Stops the proxy, and decides all again that it has recorded. Where that differs, the recording stays. */
    Verified verify() throws IOException, InterruptedException {
        if (!recording) {
            return Verified.NOTHING;
        }
        proxy.destroy();
        if (!proxy.waitFor(DEADLINE_NS, TimeUnit.NANOSECONDS)) {
            throw new IOException("the proxy does not stop: " + lastLines());
        }
        Verified verified = Verified.of(root, data);
        kept = verified.differs();
        return verified;
    }

    /** The end of what the programs wrote. */
    String lastLines() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - 8), lines.size()));
    }

    private void write() throws IOException {
        String backends = """
                      - { id: %1$s-%3$d, address: "127.0.0.1:%4$d", priority: 1 }
                      - { id: %2$s-%3$d, address: "127.0.0.1:%5$d", priority: 2 }
                """.formatted(FAILING, OTHER, generation, FAILING_PORT, OTHER_PORT);
        String engine = recording
                ? "engine: { drain-timeout: 1s, journal: { mode: packets, max-size: " + MOST_RECORDED + " } }"
                : "";
        Files.writeString(config, """
                data-dir: %1$s
                admin: { address: 127.0.0.1, port: %2$d }
                %5$s
                services:
                  - name: web
                    listen: "tcp://127.0.0.1:%3$d"
                    algorithm: failover
                    backends:
                %4$s  - name: echo
                    listen: "udp://127.0.0.1:%3$d"
                    algorithm: failover
                    backends:
                %4$s""".formatted(data, ADMIN, PROXY, backends, engine));
    }

    private void await(String what, Predicate<String> shown) throws IOException, InterruptedException {
        long startNs = System.nanoTime();
        while (!shown.test(status())) {
            if (System.nanoTime() - startNs > DEADLINE_NS || !proxy.isAlive()) {
                throw new IOException("the proxy never " + what + ": " + lastLines());
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
    }

    private static String status() {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://127.0.0.1:" + ADMIN + "/status").toURL().openConnection();
            try (var body = connection.getInputStream()) {
                return new String(body.readAllBytes(), StandardCharsets.UTF_8);
            } finally {
                connection.disconnect();
            }
        } catch (IOException _) {
            return "";
        }
    }

    private static void nft(String commands) throws IOException, InterruptedException {
        Programs.run(List.of("nft", commands));
    }

    @Override
    public void close() throws IOException {
        proxy.descendants().forEach(ProcessHandle::destroyForcibly);
        proxy.destroyForcibly().onExit().join();
        other.close();
        failing.close();
        spare.close();
        if (kept) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
