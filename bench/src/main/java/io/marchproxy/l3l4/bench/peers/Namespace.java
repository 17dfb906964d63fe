package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The network namespace of one comparison: loopback alone, and reno, because the host's bbr paces and so distorts
 * loopback. Closing kills what runs in it and removes it; one that a killed run left behind goes at the next start.
 */
public final class Namespace implements AutoCloseable {
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final String PREFIX = "pl34-";
    private static final String SUFFIX = "-peers";

    private final String name;

    private Namespace(String name) {
        this.name = name;
    }

    /** Makes one, with reno as its congestion control. */
    public static Namespace create() throws IOException, InterruptedException {
        removeLeftovers();
        Namespace namespace = new Namespace(PREFIX + ProcessHandle.current().pid() + SUFFIX);
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
        Programs.run(List.of("ip", "netns", "exec", name, "sysctl", "-qw", setting));
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
        return name.startsWith(PREFIX)
                && name.endsWith(SUFFIX)
                && ProcessHandle.of(Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length())))
                        .isEmpty();
    }
}
