package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/** Calls of the kernel that the C library has no function for, by number: syscall(2). Any thread. */
public final class SystemCall {
    private static final boolean IS_ARM =
            System.getProperty("os.arch", "").toLowerCase(Locale.ROOT).equals("aarch64");

    /** Where an errno is left. */
    static final MemoryLayout STATE = Linker.Option.captureStateLayout();

    /** Where in it. */
    static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SYSCALL = link();

    private SystemCall() {}

    /** The number of a call on this machine's architecture. */
    public static long number(int x86, int arm) {
        return IS_ARM ? arm : x86;
    }

    /** Makes a call that is made rarely; answers its result, or the negative errno. */
    public static long call(long number, long a, long b, long c, long d, long e, long f) {
        try (Arena arena = Arena.ofConfined()) {
            return call(arena.allocate(STATE), number, a, b, c, d, e, f);
        }
    }

    /** Makes a call with the caller's own {@link #STATE}, so that nothing is allocated. */
    static long call(MemorySegment state, long number, long a, long b, long c, long d, long e, long f) {
        try {
            long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
            return result >= 0 ? result : -Memory.getInt(state.address() + ERRNO);
        } catch (Throwable thrown) {
            throw new IllegalStateException("a system call could not be made", thrown);
        }
    }

    @SuppressWarnings("restricted") // calling native functions is what this class is for
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(
                        JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(1));
    }
}
