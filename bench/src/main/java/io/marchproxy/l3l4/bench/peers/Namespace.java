package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A network namespace of one comparison: loopback alone, and reno, because the host's bbr paces and so distorts
 * loopback. Closing kills what runs in it and removes it; one that a killed run left behind goes at the next start.
 */
public final class Namespace implements AutoCloseable {
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final String PREFIX = "pl34-";
    private static final Pattern NAME = Pattern.compile(PREFIX + "([0-9]+)-[a-z-]+");

    private final String name;

    private Namespace(String name) {
        this.name = name;
    }

    /**
     * Makes one, with reno as its congestion control.
     *
     * @param role what it is for, in letters: the last part of its name
     */
    public static Namespace create(String role) throws IOException, InterruptedException {
        removeLeftovers();
        Namespace namespace = new Namespace(PREFIX + ProcessHandle.current().pid() + "-" + role);
        Programs.run(List.of("ip", "netns", "add", namespace.name));
        try {
            Programs.run(List.of("ip", "-netns", namespace.name, "link", "set", "lo", "up"));
            namespace.sysctl("net.ipv4.tcp_congestion_control=reno");
            // Proxies and backends listen below; what connects takes a port above.
            namespace.sysctl("net.ipv4.ip_local_port_range=10000 65535");
            return namespace;
        } catch (IOException | InterruptedException | RuntimeException e) {
            namespace.close();
            throw e;
        }
    }

    /** What {@code ip} calls it. */
    public String name() {
        return name;
    }

    /** Runs a program inside to its end, and answers what it wrote. */
    public String run(String... command) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name));
        whole.addAll(List.of(command));
        return Programs.run(whole);
    }

    /** The command line that runs a command inside, on some CPUs; the process is the command itself. */
    public List<String> command(String cpus, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name, "taskset", "-c", cpus));
        whole.addAll(command);
        return whole;
    }

    @Override
    public void close() throws IOException {
        try {
            remove(name);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the namespace " + name + " was being removed", e);
        }
    }

    private void sysctl(String setting) throws IOException, InterruptedException {
        run("sysctl", "-qw", setting);
    }

    private static void remove(String namespace) throws IOException, InterruptedException {
        if (Files.exists(NAMESPACES.resolve(namespace))) {
            Programs.run(List.of("ip", "netns", "pids", namespace))
                    .lines()
                    .map(Long::parseLong)
                    .flatMap(pid -> ProcessHandle.of(pid).stream())
                    .forEach(ProcessHandle::destroyForcibly);
            Programs.run(List.of("ip", "netns", "del", namespace));
        }
    }

    private static void removeLeftovers() throws IOException, InterruptedException {
        if (!Files.isDirectory(NAMESPACES)) {
            return;
        }
        List<String> names;
        try (Stream<Path> entries = Files.list(NAMESPACES)) {
            names = entries.map(entry -> entry.getFileName().toString())
                    .filter(Namespace::isLeftover)
                    .toList();
        }
        for (String each : names) {
            remove(each);
        }
    }

    private static boolean isLeftover(String name) {
        Matcher ours = NAME.matcher(name);
        return ours.matches() && ProcessHandle.of(Long.parseLong(ours.group(1))).isEmpty();
    }
}
