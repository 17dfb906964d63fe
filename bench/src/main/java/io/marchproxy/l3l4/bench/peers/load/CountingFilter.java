package io.marchproxy.l3l4.bench.peers.load;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Has the kernel count a socket's datagrams and throw them away: a filter of one instruction that accepts nothing, and the
 * socket's own counter of what was dropped (SO_MEMINFO). The datagram has then come all the way to its socket, at the
 * expense of whoever sent it, and costs the CPU that generates load nothing.
 *
 * <pre>
 * sock_fprog   0 length (2)   8 filter (8)
 * sock_filter  0 code (2)   2 jump true (1)   3 jump false (1)   4 operand (4)
 * </pre>
 */
final class CountingFilter {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_MEMINFO = 55;
    private static final int SK_MEMINFO_DROPS = 8;
    private static final int SK_MEMINFO_VARS = 9;

    /** BPF_RET | BPF_K, with the operand 0: keep no byte. */
    private static final short RETURN = 0x06;

    private static final MethodHandle SETSOCKOPT =
            link("setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle GETSOCKOPT =
            link("getsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private final int fd;
    private final MemorySegment counters;
    private final MemorySegment length;

    private CountingFilter(int fd, Arena arena) {
        this.fd = fd;
        counters = arena.allocate(JAVA_INT, SK_MEMINFO_VARS);
        length = arena.allocate(JAVA_INT);
    }

    /** Puts the filter in front of a socket. */
    static CountingFilter attach(int fd, Arena arena) {
        MemorySegment instruction = arena.allocate(8, 8);
        instruction.set(JAVA_SHORT, 0, RETURN);
        MemorySegment program = arena.allocate(16, 8);
        program.set(JAVA_BYTE, 0, (byte) 1);
        program.set(JAVA_LONG, 8, instruction.address());
        int result;
        try {
            result = (int) SETSOCKOPT.invokeExact(
                    fd, SOL_SOCKET, SO_ATTACH_FILTER, program.address(), (int) program.byteSize());
        } catch (Throwable e) {
            throw new IllegalStateException("setsockopt could not be called", e);
        }
        if (result != 0) {
            throw new IllegalStateException("the kernel takes no filter for a socket");
        }
        return new CountingFilter(fd, arena);
    }

    /** Datagrams that have come so far, modulo 2^32. */
    long count() {
        length.set(JAVA_INT, 0, (int) counters.byteSize());
        int result;
        try {
            result = (int) GETSOCKOPT.invokeExact(fd, SOL_SOCKET, SO_MEMINFO, counters.address(), length.address());
        } catch (Throwable e) {
            throw new IllegalStateException("getsockopt could not be called", e);
        }
        if (result != 0) {
            throw new IllegalStateException("the kernel does not tell a socket's counters (SO_MEMINFO)");
        }
        return Integer.toUnsignedLong(counters.getAtIndex(JAVA_INT, SK_MEMINFO_DROPS));
    }

    @SuppressWarnings("restricted") // calling native functions is what this class is for
    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
}
