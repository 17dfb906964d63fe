package io.marchproxy.l3l4.engine.numa;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * A classic BPF program that picks the listening socket for a connection by the CPU that its first packet came in on: one
 * of the sockets of that CPU's node, by chance. A program for a group of sockets answers with the number of one, in the
 * order in which they were bound; any other number leaves the choice to the kernel's own hash (socket(7),
 * SO_ATTACH_REUSEPORT_CBPF).
 *
 * <pre>
 *   struct sock_filter { code:16 | jump if true:8 | jump if false:8 | operand:32 }
 * </pre>
 */
final class SteeringProgram {
    private static final int LOAD_WORD = 0x20;
    private static final int JUMP_IF_AT_LEAST = 0x35;
    private static final int JUMP_IF_GREATER = 0x25;
    private static final int MODULO = 0x94;
    private static final int ADD = 0x04;
    private static final int RETURN_CONSTANT = 0x06;
    private static final int RETURN_ACCUMULATOR = 0x16;

    /** What stands at these "offsets" of a packet is no packet data (linux/filter.h, SKF_AD_OFF). */
    private static final int ANCILLARY = 0xffff_f000;

    private static final int CPU = ANCILLARY + 36;
    private static final int RANDOM = ANCILLARY + 56;

    private static final int NO_SOCKET = 0xffff;

    /** Instructions that pick one of a node's sockets. */
    private static final int PICK = 4;

    /**
     * The sockets of one node.
     *
     * @param cpus of the node, all of them and not ours alone: interrupts don't heed cpusets
     */
    record Sockets(List<Integer> cpus, int first, int count) {}

    private SteeringProgram() {}

    /** The program, an instruction in each number. */
    static long[] of(List<Sockets> nodes) {
        List<Long> program = new ArrayList<>();
        for (Sockets node : nodes) {
            for (int[] range : ranges(node.cpus())) {
                program.add(instruction(LOAD_WORD, 0, 0, CPU));
                program.add(instruction(JUMP_IF_AT_LEAST, 0, 1 + PICK, range[0]));
                program.add(instruction(JUMP_IF_GREATER, PICK, 0, range[1]));
                program.add(instruction(LOAD_WORD, 0, 0, RANDOM));
                program.add(instruction(MODULO, 0, 0, node.count()));
                program.add(instruction(ADD, 0, 0, node.first()));
                program.add(instruction(RETURN_ACCUMULATOR, 0, 0, 0));
            }
        }
        program.add(instruction(RETURN_CONSTANT, 0, 0, NO_SOCKET));
        return program.stream().mapToLong(Long::longValue).toArray();
    }

    private static List<int[]> ranges(List<Integer> cpus) {
        List<int[]> ranges = new ArrayList<>();
        NavigableSet<Integer> sorted = new TreeSet<>(cpus);
        for (int cpu : sorted) {
            if (ranges.isEmpty() || ranges.getLast()[1] != cpu - 1) {
                ranges.add(new int[] {cpu, cpu});
            } else {
                ranges.getLast()[1] = cpu;
            }
        }
        return ranges;
    }

    private static long instruction(int code, int jumpTrue, int jumpFalse, int operand) {
        return code | (long) jumpTrue << 16 | (long) jumpFalse << 24 | (operand & 0xffff_ffffL) << 32;
    }
}
