package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * Another process's TCP sockets, as the kernel has them. No tool shows an option such as TCP_NODELAY, so the socket itself
 * is borrowed, by pidfd_getfd(2), and asked.
 */
@SuppressWarnings("restricted")
public final class ForeignSockets {
    private static final int SYS_PIDFD_OPEN = 434;
    private static final int SYS_PIDFD_GETFD = 438;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final String ESTABLISHED = "01";

    private ForeignSockets() {}

    /** TCP_NODELAY of each established connection whose local and remote port the predicate takes. */
    public static List<Boolean> noDelay(ProcessHandle process, BiPredicate<Integer, Integer> ports) throws IOException {
        List<String> inodes = new ArrayList<>();
        for (String table : List.of("tcp", "tcp6")) {
            try (Stream<String> lines = Files.lines(proc(process).resolve("net").resolve(table))) {
                lines.skip(1)
                        .map(line -> line.strip().split("\\s+"))
                        .filter(fields -> fields[3].equals(ESTABLISHED) && ports.test(port(fields[1]), port(fields[2])))
                        .forEach(fields -> inodes.add("socket:[" + fields[9] + "]"));
            }
        }
        List<Path> descriptors;
        try (Stream<Path> all = Files.list(proc(process).resolve("fd"))) {
            descriptors = all.filter(descriptor -> inodes.contains(target(descriptor)))
                    .toList();
        }
        return descriptors.stream()
                .map(descriptor -> noDelay(
                        process.pid(), Integer.parseInt(descriptor.getFileName().toString())))
                .toList();
    }

    private static boolean noDelay(long pid, int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle close = function("close", ValueLayout.JAVA_INT);
            int process = syscall(SYS_PIDFD_OPEN, pid, 0, 0);
            int borrowed = syscall(SYS_PIDFD_GETFD, process, descriptor, 0);
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
            int answer = (int) function(
                            "getsockopt",
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS)
                    .invokeExact(borrowed, IPPROTO_TCP, TCP_NODELAY, value, length);
            int closed = (int) close.invokeExact(borrowed) + (int) close.invokeExact(process);
            if (process < 0 || borrowed < 0 || answer != 0 || closed != 0) {
                throw new IllegalStateException("descriptor " + descriptor + " of " + pid + " can't be borrowed");
            }
            return value.get(ValueLayout.JAVA_INT, 0) != 0;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int syscall(long number, long first, long second, long third) throws Throwable {
        return (int) (long) Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG),
                        Linker.Option.firstVariadicArg(1))
                .invokeExact(number, first, second, third);
    }

    private static MethodHandle function(String name, java.lang.foreign.MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow(name),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }

    private static Path proc(ProcessHandle process) {
        return Path.of("/proc", Long.toString(process.pid()));
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
    }
}
