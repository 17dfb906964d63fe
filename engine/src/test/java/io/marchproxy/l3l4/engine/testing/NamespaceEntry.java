package io.marchproxy.l3l4.engine.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Moves the calling platform thread into a network namespace, as {@code ip netns exec} does with a process: setns(2). */
@SuppressWarnings("restricted")
final class NamespaceEntry {

    private static final int O_RDONLY = 0;
    private static final int CLONE_NEWNET = 0x40000000;

    private NamespaceEntry() {}

    static void enter(Path namespace) {
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) function("open", ValueLayout.ADDRESS, ValueLayout.JAVA_INT)
                    .invokeExact(arena.allocateFrom(namespace.toString()), O_RDONLY);
            int answer = (int) function("setns", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)
                    .invokeExact(descriptor, CLONE_NEWNET);
            int closed = (int) function("close", ValueLayout.JAVA_INT).invokeExact(descriptor);
            if (answer != 0 || closed != 0) {
                throw new IllegalStateException("cannot enter " + namespace);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("cannot enter " + namespace, e);
        }
    }

    private static MethodHandle function(String name, java.lang.foreign.MemoryLayout... arguments) {
        MemorySegment address = Linker.nativeLinker().defaultLookup().findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }
}
