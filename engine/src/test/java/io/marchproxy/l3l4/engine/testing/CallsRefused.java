package io.marchproxy.l3l4.engine.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Becomes another program that must live without some system calls: installs a seccomp filter that refuses them, and then
 * execs. What is refused is the first argument, a name of {@link Refusal}.
 *
 * <p>A struct sock_filter is {@code code:16 jt:8 jf:8 k:32}; struct sock_fprog is {@code len:16, pad, filter:pointer}; a
 * struct seccomp_data begins with {@code number:32, architecture:32, instruction pointer:64, arguments: 6 times 64}.
 */
@SuppressWarnings("restricted")
public final class CallsRefused {

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_SECCOMP = 22;
    private static final long SECCOMP_MODE_FILTER = 2;
    private static final int IO_URING_SETUP = 425;
    private static final int IO_URING_REGISTER = 427;

    /** mbind, set_mempolicy and get_mempolicy, as x86_64 numbers them. */
    private static final int MBIND = 237;

    private static final int GET_MEMPOLICY = 239;
    private static final int ENTRIES_OF_A_PROBE = 64;
    private static final int REGISTER_PBUF_RING = 22;
    private static final int SETSOCKOPT = 54;
    private static final int SOL_UDP = 17;
    private static final int UDP_SEGMENT_OPTION = 103;
    private static final int UDP_GRO_OPTION = 104;
    private static final long LOAD_SYSTEM_CALL_NUMBER = instruction(0x20, 0, 0, 0);
    private static final long LOAD_FIRST_ARGUMENT = instruction(0x20, 0, 0, 16);
    private static final long LOAD_SECOND_ARGUMENT = instruction(0x20, 0, 0, 24);
    private static final long LOAD_THIRD_ARGUMENT = instruction(0x20, 0, 0, 32);
    private static final long RETURN_ALLOW = instruction(0x06, 0, 0, 0x7fff_0000);
    private static final long RETURN_EPERM = instruction(0x06, 0, 0, 0x0005_0001);
    private static final long RETURN_ENOMEM = instruction(0x06, 0, 0, 0x0005_000c);
    private static final long RETURN_ENOPROTOOPT = instruction(0x06, 0, 0, 0x0005_005c);

    /** What is refused. */
    public enum Refusal {
        /** All of io_uring with EPERM, as the default profile of Docker and Podman does. */
        IO_URING,
        /** Rings of more than a few entries with ENOMEM, as kernels before 5.12 do where the limit of locked memory is too small. */
        LARGE_RINGS,
        /** Policies of memory with EPERM, as Docker does without CAP_SYS_NICE. */
        MEMORY_POLICY,
        /** Buffers that io_uring receives into with ENOMEM, as where the limit of locked memory is too small for them. */
        RECEIVE_BUFFERS,
        /** Sending a run of datagrams at once, as kernels before 4.18 do. */
        UDP_SEGMENT,
        /** Receiving merged datagrams, as kernels before 5.0 do. */
        UDP_GRO;

        private long[] filter() {
            return switch (this) {
                case IO_URING -> range(IO_URING_SETUP, IO_URING_REGISTER, RETURN_EPERM);
                case MEMORY_POLICY -> range(MBIND, GET_MEMPOLICY, RETURN_EPERM);
                case LARGE_RINGS ->
                    new long[] {
                        LOAD_SYSTEM_CALL_NUMBER,
                        instruction(0x15, 0, 3, IO_URING_SETUP),
                        LOAD_FIRST_ARGUMENT,
                        instruction(0x25, 0, 1, ENTRIES_OF_A_PROBE),
                        RETURN_ENOMEM,
                        RETURN_ALLOW
                    };
                case RECEIVE_BUFFERS ->
                    new long[] {
                        LOAD_SYSTEM_CALL_NUMBER,
                        instruction(0x15, 0, 3, IO_URING_REGISTER),
                        LOAD_SECOND_ARGUMENT,
                        instruction(0x15, 0, 1, REGISTER_PBUF_RING),
                        RETURN_ENOMEM,
                        RETURN_ALLOW
                    };
                case UDP_SEGMENT -> udpOption(UDP_SEGMENT_OPTION);
                case UDP_GRO -> udpOption(UDP_GRO_OPTION);
            };
        }

        private static long[] udpOption(int option) {
            return new long[] {
                LOAD_SYSTEM_CALL_NUMBER,
                instruction(0x15, 0, 5, SETSOCKOPT),
                LOAD_SECOND_ARGUMENT,
                instruction(0x15, 0, 3, SOL_UDP),
                LOAD_THIRD_ARGUMENT,
                instruction(0x15, 0, 1, option),
                RETURN_ENOPROTOOPT,
                RETURN_ALLOW
            };
        }

        private static long[] range(int first, int last, long answer) {
            return new long[] {
                LOAD_SYSTEM_CALL_NUMBER,
                instruction(0x35, 0, 2, first),
                instruction(0x25, 1, 0, last),
                answer,
                RETURN_ALLOW
            };
        }
    }

    private CallsRefused() {}

    /** What is refused, then the program to become and its arguments. */
    public static void main(String[] arguments) throws Throwable {
        String[] command = Arrays.copyOfRange(arguments, 1, arguments.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocateFrom(
                    ValueLayout.JAVA_LONG, Refusal.valueOf(arguments[0]).filter());
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) (filter.byteSize() / Long.BYTES));
            program.set(ValueLayout.JAVA_LONG, 8, filter.address());
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program.address());
            MemorySegment words = arena.allocate(ValueLayout.ADDRESS, command.length + 1L);
            for (int i = 0; i < command.length; i++) {
                words.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command[i]));
            }
            int answer = (int) function("execvp", ValueLayout.ADDRESS, ValueLayout.ADDRESS)
                    .invokeExact(words.get(ValueLayout.ADDRESS, 0), words);
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
