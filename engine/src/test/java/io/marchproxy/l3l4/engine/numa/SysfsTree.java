package io.marchproxy.l3l4.engine.numa;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tree like /sys/devices/system and a file like /proc/self/status, of a machine that a test describes. */
final class SysfsTree {
    private final Path root;
    private final List<Integer> nodes = new ArrayList<>();

    SysfsTree(Path root) {
        this.root = root;
    }

    /**
     * A machine whose CPUs are numbered as Linux does on most servers: first one of each core, node after node, then the
     * second thread of each core in the same order.
     */
    static SysfsTree machine(Path root, int nodes, int coresPerNode, int threadsPerCore) throws IOException {
        SysfsTree tree = new SysfsTree(root);
        int cores = nodes * coresPerNode;
        for (int node = 0; node < nodes; node++) {
            List<Integer> cpus = new ArrayList<>();
            for (int thread = 0; thread < threadsPerCore; thread++) {
                for (int core = 0; core < coresPerNode; core++) {
                    cpus.add(thread * cores + node * coresPerNode + core);
                }
            }
            tree.node(node, CpuList.format(cpus));
        }
        for (int core = 0; core < cores; core++) {
            List<Integer> siblings = new ArrayList<>();
            for (int thread = 0; thread < threadsPerCore; thread++) {
                siblings.add(thread * cores + core);
            }
            for (int cpu : siblings) {
                tree.siblings(cpu, CpuList.format(siblings));
            }
        }
        return tree.online("0-" + (cores * threadsPerCore - 1)).allowed("0-1023", "0-" + (nodes - 1));
    }

    SysfsTree node(int id, String cpus) throws IOException {
        nodes.add(id);
        write("node/node" + id + "/cpulist", cpus);
        write("node/online", CpuList.format(nodes));
        return memory(CpuList.format(nodes));
    }

    SysfsTree memory(String nodesWithMemory) throws IOException {
        return write("node/has_memory", nodesWithMemory);
    }

    SysfsTree siblings(int cpu, String list) throws IOException {
        return write("cpu/cpu" + cpu + "/topology/thread_siblings_list", list);
    }

    SysfsTree online(String cpus) throws IOException {
        return write("cpu/online", cpus);
    }

    SysfsTree allowed(String cpus, String memory) throws IOException {
        return write(
                "status",
                "Name:\tjava\nCpus_allowed:\tff\nCpus_allowed_list:\t" + cpus + "\nMems_allowed_list:\t" + memory);
    }

    Topology read() {
        return Topology.read(root, root.resolve("status"));
    }

    private SysfsTree write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
        return this;
    }
}
