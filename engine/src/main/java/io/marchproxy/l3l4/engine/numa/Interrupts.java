package io.marchproxy.l3l4.engine.numa;

import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Which CPU each interrupt of the network devices should go to: a shard's of the device's own node, in turns. Told, or done
 * where that is asked for and permitted.
 */
public final class Interrupts {
    private static final int UNKNOWN_NODE = -1;

    private final Path network;
    private final Path irqs;

    /**
     * One interrupt that goes elsewhere.
     *
     * @param device such as {@code eth0}
     * @param cpu where it should go
     */
    public record Move(String device, int irq, int cpu) {
        /** What does it by hand. */
        public String command() {
            return "echo " + cpu + " > /proc/irq/" + irq + "/smp_affinity_list  # " + device;
        }
    }

    /** Of this machine. */
    public Interrupts() {
        this(Path.of("/sys/class/net"), Path.of("/proc/irq"));
    }

    /** Of what lies in two folders, which are {@code /sys/class/net} and {@code /proc/irq}. */
    Interrupts(Path network, Path irqs) {
        this.network = network;
        this.irqs = irqs;
    }

    /** The interrupts that should move, for shards that are pinned; none where that is so already, or can't be known. */
    public List<Move> moves(List<Seat> seats) {
        List<Move> moves = new ArrayList<>();
        for (Path device : children(network)) {
            List<Integer> cpus = cpusFor(nodeOf(device), seats);
            int turn = 0;
            for (int irq : irqsOf(device)) {
                if (!cpus.isEmpty() && Files.isDirectory(irqs.resolve(Integer.toString(irq)))) {
                    int cpu = cpus.get(turn++ % cpus.size());
                    if (!current(irq).equals(Integer.toString(cpu))) {
                        moves.add(new Move(String.valueOf(device.getFileName()), irq, cpu));
                    }
                }
            }
        }
        return moves;
    }

    /**
     * Moves interrupts.
     *
     * @return those that the kernel or our permissions did not let move
     */
    public List<Move> apply(List<Move> moves) {
        List<Move> refused = new ArrayList<>();
        for (Move move : moves) {
            try {
                Files.writeString(affinity(move.irq()), Integer.toString(move.cpu()));
            } catch (IOException e) {
                refused.add(move);
            }
        }
        return refused;
    }

    /** CPUs of the shards' I/O threads on a node; of all shards where the node is unknown or has none. */
    private static List<Integer> cpusFor(int node, List<Seat> seats) {
        List<Seat> pinned =
                seats.stream().filter(seat -> !seat.cpus().isEmpty()).toList();
        List<Seat> near = pinned.stream().filter(seat -> seat.node() == node).toList();
        return (node == UNKNOWN_NODE || near.isEmpty() ? pinned : near)
                .stream().map(seat -> seat.cpus().getFirst()).distinct().toList();
    }

    private static int nodeOf(Path device) {
        try {
            return Integer.parseInt(
                    Files.readString(device.resolve("device/numa_node")).strip());
        } catch (IOException | NumberFormatException e) {
            return UNKNOWN_NODE;
        }
    }

    /** A PCI device has them beside it; a virtio device one level up, at the PCI device that it sits on. */
    private static NavigableSet<Integer> irqsOf(Path device) {
        NavigableSet<Integer> numbers = new TreeSet<>();
        try {
            Path real = device.resolve("device").toRealPath();
            Path parent = real.getParent();
            List<Path> folders = children(real.resolve("msi_irqs"));
            if (folders.isEmpty()
                    && parent != null
                    && String.valueOf(real.getFileName()).startsWith("virtio")) {
                folders = children(parent.resolve("msi_irqs"));
            }
            folders.forEach(irq -> numbers.add(Integer.parseInt(String.valueOf(irq.getFileName()))));
        } catch (IOException | NumberFormatException e) {
            return new TreeSet<>();
        }
        return numbers;
    }

    private String current(int irq) {
        try {
            return Files.readString(affinity(irq)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private Path affinity(int irq) {
        return irqs.resolve(irq + "/smp_affinity_list");
    }

    private static List<Path> children(Path folder) {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            entries.forEach(children::add);
        } catch (IOException e) {
            return List.of();
        }
        children.sort(null);
        return children;
    }
}
