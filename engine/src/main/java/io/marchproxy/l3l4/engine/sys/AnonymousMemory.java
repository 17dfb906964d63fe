package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;

/**
 * Zeroed memory of which only the pages that are touched take up room, where an arena would touch all of it to zero it.
 * Bounds are the user's business.
 */
public final class AnonymousMemory implements AutoCloseable {
    /** Of x86-64, and of aarch64 with pages of 4 KiB. */
    public static final int HUGE_PAGE_BYTES = 2 << 20;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_HUGEPAGE = 14;
    private static final int PAGE_BYTES = 4096;
    private static final long MAP_FAILED = -1;

    private static final MethodHandle MMAP = link(
            "mmap", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE =
            link("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

    private static final ScopedValue<Home> HOME = ScopedValue.newInstance();

    /** Where memory belongs: is told of it as it is mapped, before anybody touches it. */
    @FunctionalInterface
    public interface Home {
        /** Memory was mapped, from a page on. */
        void mapped(long address, long size);
    }

    private final long size;
    private long address;

    /** Makes something whose memory belongs to a home, whichever thread makes it. */
    public static <T> T at(Home home, Supplier<T> maker) {
        return ScopedValue.where(HOME, home).call(maker::get);
    }

    /**
     * Maps memory, aligned to a page.
     *
     * @throws OutOfMemoryError if the kernel refuses
     */
    public AnonymousMemory(long size) {
        this.size = size;
        try {
            address = (long) MMAP.invokeExact(0L, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException("mmap could not be called", e);
        }
        if (address == MAP_FAILED) {
            throw new OutOfMemoryError("the kernel refuses to map " + size + " bytes");
        }
        if (HOME.isBound()) {
            HOME.get().mapped(address, size);
        }
    }

    /**
     * Asks for huge pages under memory that is read at random places, so that an access does not walk the page tables as well.
     * Wants memory that nobody has touched yet. Where the kernel has no huge pages, or none to spare, pages stay small.
     *
     * @param address a multiple of {@link #HUGE_PAGE_BYTES}
     */
    public static void adviseHugePages(long address, long size) {
        try {
            int ignored = (int) MADVISE.invokeExact(address, size, MADV_HUGEPAGE);
        } catch (Throwable e) {
            throw new IllegalStateException("madvise could not be called", e);
        }
    }

    /** Lets the kernel have the whole pages of a region back, which stays mapped and is zero from then on. */
    public static void giveBack(long address, long size) {
        long first = (address + PAGE_BYTES - 1) & -PAGE_BYTES;
        long end = (address + size) & -PAGE_BYTES;
        if (end > first) {
            try {
                int ignored = (int) MADVISE.invokeExact(first, end - first, MADV_DONTNEED);
            } catch (Throwable e) {
                throw new IllegalStateException("madvise could not be called", e);
            }
        }
    }

    /** Where it begins. */
    public long address() {
        return address;
    }

    /** Unmaps it. Nobody may touch it any more; a second call does nothing. */
    @Override
    public void close() {
        if (address != 0) {
            try {
                int ignored = (int) MUNMAP.invokeExact(address, size);
            } catch (Throwable e) {
                throw new IllegalStateException("munmap could not be called", e);
            }
            address = 0;
        }
    }

    @SuppressWarnings("restricted") // calling native functions is what this class is for
    static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new IllegalStateException("the C library has no " + name));
        return linker.downcallHandle(symbol, descriptor);
    }
}
