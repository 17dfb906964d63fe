package io.marchproxy.l3l4.engine.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Becomes another program that must live without io_uring: installs a seccomp filter which answers EPERM to the three
 * system calls, as the default profile of Docker and Podman does, and then execs.
 *
 * <p>A struct sock_filter is {@code code:16 jt:8 jf:8 k:32}; struct sock_fprog is {@code len:16, pad, filter:pointer}.
 */
@SuppressWarnings("restricted")
public final class IoUringRefused {

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_SECCOMP = 22;
    private static final long SECCOMP_MODE_FILTER = 2;
    private static final int IO_URING_SETUP = 425;
    private static final int IO_URING_REGISTER = 427;
    private static final long LOAD_SYSTEM_CALL_NUMBER = instruction(0x20, 0, 0, 0);
    private static final long RETURN_ALLOW = instruction(0x06, 0, 0, 0x7fff_0000);
    private static final long RETURN_EPERM = instruction(0x06, 0, 0, 0x0005_0001);

    private IoUringRefused() {}

    /** The program to become, and its arguments. */
    public static void main(String[] command) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocateFrom(
                    ValueLayout.JAVA_LONG,
                    LOAD_SYSTEM_CALL_NUMBER,
                    instruction(0x35, 0, 2, IO_URING_SETUP),
                    instruction(0x25, 1, 0, IO_URING_REGISTER),
                    RETURN_EPERM,
                    RETURN_ALLOW);
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) (filter.byteSize() / Long.BYTES));
            program.set(ValueLayout.JAVA_LONG, 8, filter.address());
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program.address());
            MemorySegment arguments = arena.allocate(ValueLayout.ADDRESS, command.length + 1L);
            for (int i = 0; i < command.length; i++) {
                arguments.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command[i]));
            }
            int answer = (int) function("execvp", ValueLayout.ADDRESS, ValueLayout.ADDRESS)
                    .invokeExact(arguments.get(ValueLayout.ADDRESS, 0), arguments);
            throw new IllegalStateException("execvp answered " + answer);
        }
    }

    private static void prctl(int option, long second, long third) throws Throwable {
        MethodHandle prctl = function(
                "prctl",
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG);
        int answer = (int) prctl.invokeExact(option, second, third, 0L, 0L);
        if (answer != 0) {
            throw new IllegalStateException("prctl " + option + " answered " + answer);
        }
    }

    private static long instruction(int code, int jumpTrue, int jumpFalse, int operand) {
        return code | (long) jumpTrue << 16 | (long) jumpFalse << 24 | (operand & 0xffff_ffffL) << 32;
    }

    private static MethodHandle function(String name, MemoryLayout... arguments) {
        MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }
}
