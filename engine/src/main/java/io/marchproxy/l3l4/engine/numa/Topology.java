package io.marchproxy.l3l4.engine.numa;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The NUMA nodes and CPUs that this process may use: those that are there and online (sysfs) and that its cpuset allows
 * ({@code Cpus_allowed_list} of proc(5), which also knows of taskset and containers).
 *
 * @param nodes those with at least one CPU for us, in the kernel's order; never empty
 * @param isKnown false where sysfs tells of no nodes and all CPUs are taken for one
 */
public record Topology(List<Node> nodes, boolean isKnown) {
    private static final Path SYSTEM = Path.of("/sys/devices/system");
    private static final Path PROCESS = Path.of("/proc/self/status");
    private static final String CPUS_ALLOWED = "Cpus_allowed_list:";
    private static final String MEMORY_ALLOWED = "Mems_allowed_list:";

    /**
     * One node.
     *
     * @param cpus that we may use, one of each physical core first, then the cores' further hyper-threads
     * @param cores how many physical cores these belong to
     * @param hasMemory whether it has memory that we may use
     */
    public record Node(int id, List<Integer> cpus, int cores, boolean hasMemory) {
        public Node {
            cpus = List.copyOf(cpus);
        }
    }

    public Topology {
        nodes = List.copyOf(nodes);
    }

    /** What this process has here. */
    public static Topology read() {
        return read(SYSTEM, PROCESS);
    }

    /**
     * Reads a topology; what can't be read is taken for absent.
     *
     * @param system what {@code /sys/devices/system} is
     * @param process what {@code /proc/self/status} is
     */
    public static Topology read(Path system, Path process) {
        NavigableSet<Integer> usable = usableCpus(system, process);
        NavigableSet<Integer> memory = withMemory(system, process);
        List<Node> nodes = new ArrayList<>();
        for (int id : listIn(system.resolve("node/online"))) {
            NavigableSet<Integer> cpus = listIn(system.resolve("node/node" + id + "/cpulist"));
            cpus.retainAll(usable);
            if (!cpus.isEmpty()) {
                nodes.add(node(id, cpus, memory.contains(id), system));
            }
        }
        return nodes.isEmpty()
                ? new Topology(List.of(node(0, usable, true, system)), false)
                : new Topology(nodes, true);
    }

    /** All CPUs: one of each core first, node after node, then the further hyper-threads. */
    public List<Integer> cpus() {
        return Stream.concat(
                        nodes.stream().flatMap(node -> node.cpus().stream().limit(node.cores())),
                        nodes.stream().flatMap(node -> node.cpus().stream().skip(node.cores())))
                .toList();
    }

    /** Physical cores. */
    public int cores() {
        return nodes.stream().mapToInt(Node::cores).sum();
    }

    private static Node node(int id, NavigableSet<Integer> cpus, boolean hasMemory, Path system) {
        Map<Integer, List<Integer>> cores = new LinkedHashMap<>();
        for (int cpu : cpus) {
            NavigableSet<Integer> siblings = listIn(system.resolve("cpu/cpu" + cpu + "/topology/thread_siblings_list"));
            cores.computeIfAbsent(siblings.isEmpty() ? cpu : siblings.first(), _ -> new ArrayList<>())
                    .add(cpu);
        }
        List<Integer> ordered = new ArrayList<>();
        int most = cores.values().stream().mapToInt(List::size).max().orElse(0);
        for (int thread = 0; thread < most; thread++) {
            for (List<Integer> core : cores.values()) {
                if (thread < core.size()) {
                    ordered.add(core.get(thread));
                }
            }
        }
        return new Node(id, ordered, cores.size(), hasMemory);
    }

    private static NavigableSet<Integer> usableCpus(Path system, Path process) {
        NavigableSet<Integer> online = listIn(system.resolve("cpu/online"));
        NavigableSet<Integer> allowed = listBehind(CPUS_ALLOWED, process);
        if (allowed.isEmpty()) {
            allowed = new TreeSet<>(online);
        } else if (!online.isEmpty()) {
            // The mask may name CPUs that are offline, or that could only be plugged in.
            allowed.retainAll(online);
        }
        if (allowed.isEmpty()) {
            int count = Runtime.getRuntime().availableProcessors();
            Stream.iterate(0, cpu -> cpu + 1).limit(count).forEach(allowed::add);
        }
        return allowed;
    }

    private static NavigableSet<Integer> withMemory(Path system, Path process) {
        NavigableSet<Integer> memory = listIn(system.resolve("node/has_memory"));
        NavigableSet<Integer> allowed = listBehind(MEMORY_ALLOWED, process);
        if (!allowed.isEmpty()) {
            memory.retainAll(allowed);
        }
        return memory;
    }

    private static NavigableSet<Integer> listBehind(String label, Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(label))
                    .map(line -> CpuList.parse(line.substring(label.length())))
                    .findFirst()
                    .orElseGet(() -> new TreeSet<>());
        } catch (IOException | RuntimeException e) {
            return new TreeSet<>();
        }
    }

    private static NavigableSet<Integer> listIn(Path file) {
        try {
            return CpuList.parse(Files.readString(file));
        } catch (IOException | NumberFormatException e) {
            return new TreeSet<>();
        }
    }
}
