package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The test stand: a namespace with the backends, the load and the proxies in it. Everything it starts ends with it, also
 * when it is closed from another thread, as Ctrl-C does.
 */
final class Stand implements AutoCloseable {
    private final Cpus cpus;
    private final Path root;
    private final String spin;
    private final Path folder;
    private final Path log;
    private final Configurations configurations;
    private final Namespace namespace;
    private final List<Child> children = new ArrayList<>();
    private final Map<Peer, Child> running = new EnumMap<>(Peer.class);
    private final LoadClient load;
    private boolean closed;

    private Stand(Cpus cpus, Path root, String spin, int connections) throws IOException, InterruptedException {
        this.cpus = cpus;
        this.root = root;
        this.spin = spin;
        folder = Files.createTempDirectory("pl34-peers-");
        log = folder.resolve("log");
        configurations = new Configurations(folder, connections);
        namespace = Namespace.create();
        load = LoadClient.start(namespace, cpus, log);
    }

    /**
     * Builds it, with backends but no proxies yet.
     *
     * @param root the tree whose launcher starts ours
     * @param spin value of engine.spin for the variant that spins
     * @param connections that a proxy must be able to hold
     */
    static Stand open(Cpus cpus, Path root, String spin, int connections) throws IOException, InterruptedException {
        Stand stand = new Stand(cpus, root, spin, connections);
        try {
            stand.child("web backend", cpus.load(), stand.nginx("backend", stand.configurations.webBackend()));
            stand.child(
                    "iperf3 backend",
                    cpus.load(),
                    List.of("iperf3", "-s", "-B", "127.0.0.1", "-p", String.valueOf(Port.BULK.backend())));
            stand.load.perform("await", Port.WEB.backend());
            return stand;
        } catch (IOException | RuntimeException e) {
            stand.close();
            throw e;
        }
    }

    LoadClient load() {
        return load;
    }

    /**
     * Why a variant of ours can't run here: its configuration is refused.
     *
     * @return what {@code check} says, or an empty text if it finds no fault
     */
    String refusal(Peer peer) throws IOException, InterruptedException {
        Path config = Files.writeString(folder.resolve(peer.key() + ".yaml"), configurations.ours(peer, spin(peer)));
        try {
            Programs.run(List.of(launcher(), "check", "--config", config.toString()));
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage()).lines().findFirst().orElse("refused");
        }
    }

    /** Starts a proxy and waits until it serves. */
    void start(Peer peer) throws IOException, InterruptedException {
        if (peer == Peer.DIRECT) {
            return;
        }
        // Ours refuses to spin where it has a single CPU: it may use all then, and pins its shard to the first itself.
        Child child = child(peer.label(), peer == Peer.OURS_SPIN ? cpus.all() : cpus.proxy(), command(peer));
        running.put(peer, child);
        try {
            load.perform("await", Port.WEB.of(peer));
        } catch (IOException e) {
            throw new IOException(
                    peer.label() + " does not serve" + (child.isAlive() ? "" : ", it has ended") + ": " + lastLines(),
                    e);
        }
    }

    /** Ends a proxy. */
    void stop(Peer peer) {
        Child child = running.remove(peer);
        if (child != null) {
            child.close();
        }
    }

    void pause(Peer peer) throws IOException, InterruptedException {
        Child child = running.get(peer);
        if (child != null) {
            child.pause();
        }
    }

    void resume(Peer peer) throws IOException, InterruptedException {
        Child child = running.get(peer);
        if (child != null) {
            child.resume();
        }
    }

    /** The processes of a proxy; none for the way without one. */
    List<Long> pids(Peer peer) {
        Child child = running.get(peer);
        return child == null ? List.of() : child.pids();
    }

    /** Runs a load program to its end, and answers what it wrote. */
    String run(String... command) throws IOException, InterruptedException {
        return Programs.run(namespace.command(cpus.load(), List.of(command)));
    }

    /** The file that has wrk say all its times. */
    String wrkScript() throws IOException {
        return file("times.lua", WrkLatencies.SCRIPT);
    }

    private List<String> command(Peer peer) throws IOException {
        return switch (peer) {
            case NGINX, NGINX_64K -> nginx(peer.key(), configurations.nginx(peer));
            case HAPROXY, HAPROXY_64K ->
                List.of("haproxy", "-db", "-f", file(peer.key() + ".cfg", configurations.haproxy(peer)));
            case OURS, OURS_SPIN, OURS_BARE, OURS_FLOWS, OURS_PACKETS ->
                List.of(
                        launcher(),
                        "run",
                        "--config",
                        file(peer.key() + ".yaml", configurations.ours(peer, spin(peer))));
            case DIRECT -> throw new IllegalArgumentException("there is no proxy on the direct way");
        };
    }

    private List<String> nginx(String name, String config) throws IOException {
        return List.of("nginx", "-e", "stderr", "-c", file(name + ".conf", config));
    }

    private String spin(Peer peer) {
        return peer == Peer.OURS_SPIN ? spin : "";
    }

    private String launcher() {
        return root.resolve("bin/proxy-l3l4").toString();
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private synchronized Child child(String name, String where, List<String> command) throws IOException {
        if (closed) {
            throw new IOException("the comparison has been stopped");
        }
        Child child = Child.start(name, namespace.command(where, command), log);
        children.add(child);
        return child;
    }

    private String lastLines() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        for (Child child : children) {
            child.close();
        }
        load.close();
        namespace.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
