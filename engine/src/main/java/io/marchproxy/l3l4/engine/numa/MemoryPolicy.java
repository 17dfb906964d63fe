package io.marchproxy.l3l4.engine.numa;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The kernel's memory policies: mbind(2), set_mempolicy(2), get_mempolicy(2). glibc has no functions for them.
 *
 * <p>The policy is MPOL_PREFERRED: a node that is full hands over to the next one. MPOL_BIND would have the kernel kill the
 * process instead.
 */
public final class MemoryPolicy {
    private static final int PREFERRED = 1;
    private static final int MOVE = 1 << 1;
    private static final int NODE_OF_ADDRESS = 1 | 1 << 1;

    /** Bits of a mask of nodes, as many as any kernel is built for. */
    private static final int MASK_BITS = 1024;

    private static final long MBIND = SystemCall.number(237, 235);
    private static final long GET_MEMPOLICY = SystemCall.number(239, 236);
    private static final long SET_MEMPOLICY = SystemCall.number(238, 237);

    private MemoryPolicy() {}

    /**
     * Has a range of memory come from a node, also what of it is there already.
     *
     * @param address of a page
     * @return 0, or the negative errno: −EINVAL for a node that is not there, −EPERM where a container forbids the call
     */
    public static int bind(long address, long size, int node) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) SystemCall.call(MBIND, address, size, PREFERRED, mask(arena, node), MASK_BITS, MOVE);
        }
    }

    /** Has what the calling thread touches first, in memory without a policy, come from a node. Answers as {@link #bind}. */
    public static int preferForThread(int node) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) SystemCall.call(SET_MEMPOLICY, PREFERRED, mask(arena, node), MASK_BITS, 0, 0, 0);
        }
    }

    /** The node that the page at an address lies on, which is touched; or the negative errno. */
    public static int nodeOf(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment node = arena.allocate(JAVA_INT);
            int result = (int) SystemCall.call(GET_MEMPOLICY, node.address(), 0, 0, address, NODE_OF_ADDRESS, 0);
            return result < 0 ? result : node.get(JAVA_INT, 0);
        }
    }

    /** What an answer means to a user. */
    static String describe(int answer) {
        return answer == -Errno.EPERM
                ? "EPERM (not permitted: containers want CAP_SYS_NICE for it)"
                : Errno.describe(-answer);
    }

    private static long mask(Arena arena, int node) {
        MemorySegment mask = arena.allocate(MASK_BITS / Byte.SIZE, Long.BYTES);
        mask.setAtIndex(JAVA_LONG, node / Long.SIZE, 1L << node % Long.SIZE);
        return mask.address();
    }
}
