package io.marchproxy.l3l4.engine.udp;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Lets this process open no file more, until it is closed. */
final class FileLimit implements AutoCloseable {
    private static final int RLIMIT_NOFILE = 7;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment before = arena.allocate(JAVA_LONG, 2);
    private final MethodHandle setrlimit = link("setrlimit");

    FileLimit() {
        call(link("getrlimit"), before);
        SocketCalls calls = new SocketCalls();
        int firstFree = calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM, 0);
        calls.close(firstFree);
        MemorySegment now = arena.allocate(JAVA_LONG, 2);
        now.setAtIndex(JAVA_LONG, 0, firstFree);
        now.setAtIndex(JAVA_LONG, 1, before.getAtIndex(JAVA_LONG, 1));
        call(setrlimit, now);
    }

    /** Whether no socket can be opened. */
    boolean isInForce() {
        return new SocketCalls().socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM, 0) == -Errno.EMFILE;
    }

    @Override
    public void close() {
        call(setrlimit, before);
        arena.close();
    }

    private static void call(MethodHandle function, MemorySegment limits) {
        try {
            int result = (int) function.invokeExact(RLIMIT_NOFILE, limits.address());
            if (result != 0) {
                throw new IllegalStateException("the limit of open files can't be read or set");
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("restricted") // a test's own system call
    private static MethodHandle link(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find(name).orElseThrow(), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    }
}
