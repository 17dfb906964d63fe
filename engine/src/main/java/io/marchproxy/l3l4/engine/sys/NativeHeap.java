package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** Memory of the C library's heap, for what comes and goes piece by piece. Any thread; bounds are the user's business. */
public final class NativeHeap {
    private static final MethodHandle MALLOC =
            AnonymousMemory.link("malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FREE = AnonymousMemory.link("free", FunctionDescriptor.ofVoid(JAVA_LONG));

    private NativeHeap() {}

    /**
     * Takes memory, whose content is left over from former users.
     *
     * @throws OutOfMemoryError if there is none
     */
    public static long take(long bytes) {
        try {
            long address = (long) MALLOC.invokeExact(bytes);
            if (address == 0) {
                throw new OutOfMemoryError("no " + bytes + " bytes of native memory are left");
            }
            return address;
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("malloc could not be called", e);
        }
    }

    /** Gives back what {@link #take} gave, once. */
    public static void give(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable e) {
            throw new IllegalStateException("free could not be called", e);
        }
    }
}
