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
 * Becomes another program for which one system call fails as it would on an older or a stricter kernel: installs a seccomp
 * filter that answers an errno where certain arguments are met, and then execs. Arguments: the call's number, the errno,
 * how many arguments to compare, then index and value of each, then the program.
 *
 * <p>A struct sock_filter is {@code code:16 jt:8 jf:8 k:32}; struct sock_fprog is {@code len:16, pad, filter:pointer}; the
 * data that it reads is {@code nr:32 arch:32 ip:64 args:6×64}.
 */
@SuppressWarnings("restricted")
public final class SystemCallRefused {

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_SECCOMP = 22;
    private static final long SECCOMP_MODE_FILTER = 2;
    private static final int LOAD_WORD = 0x20;
    private static final int JUMP_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int ALLOW = 0x7fff_0000;
    private static final int ERRNO = 0x0005_0000;
    private static final int ARGUMENTS = 16;
    private static final int FIXED = 3;

    private SystemCallRefused() {}

    /** See the class. */
    public static void main(String[] words) throws Throwable {
        int comparisons = Integer.parseInt(words[2]);
        long[] filter = new long[2 * comparisons + 4];
        int at = 0;
        filter[at++] = instruction(LOAD_WORD, 0, 0);
        filter[at++] = instruction(JUMP_EQUAL, 2 * comparisons + 1, Integer.parseInt(words[0]));
        for (int i = 0; i < comparisons; i++) {
            int argument = Integer.parseInt(words[FIXED + 2 * i]);
            int value = Integer.parseInt(words[FIXED + 2 * i + 1]);
            filter[at++] = instruction(LOAD_WORD, 0, ARGUMENTS + argument * Long.BYTES);
            filter[at] = instruction(JUMP_EQUAL, filter.length - 2 - at, value);
            at++;
        }
        filter[at++] = instruction(RETURN, 0, ERRNO | Integer.parseInt(words[1]));
        filter[at] = instruction(RETURN, 0, ALLOW);
        try (Arena arena = Arena.ofConfined()) {
            install(arena, filter);
            become(arena, Arrays.copyOfRange(words, FIXED + 2 * comparisons, words.length));
        }
    }

    private static void install(Arena arena, long[] filter) throws Throwable {
        MemorySegment instructions = arena.allocateFrom(ValueLayout.JAVA_LONG, filter);
        MemorySegment program = arena.allocate(16, 8);
        program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.length);
        program.set(ValueLayout.JAVA_LONG, 8, instructions.address());
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program.address());
    }

    private static void become(Arena arena, String[] command) throws Throwable {
        MemorySegment arguments = arena.allocate(ValueLayout.ADDRESS, command.length + 1L);
        for (int i = 0; i < command.length; i++) {
            arguments.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command[i]));
        }
        int answer = (int) function("execvp", ValueLayout.ADDRESS, ValueLayout.ADDRESS)
                .invokeExact(arguments.get(ValueLayout.ADDRESS, 0), arguments);
        throw new IllegalStateException("execvp answered " + answer);
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

    /** Jumps forward by {@code jumpFalse} where a comparison fails. */
    private static long instruction(int code, int jumpFalse, int operand) {
        return code | (long) jumpFalse << 24 | (operand & 0xffff_ffffL) << 32;
    }

    private static MethodHandle function(String name, MemoryLayout... arguments) {
        MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }
}
