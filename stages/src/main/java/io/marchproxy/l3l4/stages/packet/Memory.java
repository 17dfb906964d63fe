package io.marchproxy.l3l4.stages.packet;

import java.lang.reflect.Field;
import java.nio.ByteOrder;
import sun.misc.Unsafe;

/**
 * Reads and writes off-heap memory at absolute addresses.
 *
 * <p>Nothing checks bounds: only layouts with named offsets ({@link DescriptorLayout}, {@code FlowLayout}) may compute the
 * addresses. Numbers are in native byte order unless a method's name ends in {@code Be} (network order).
 *
 * <p>The one place that knows {@code sun.misc.Unsafe}, and why: an access through a {@code MemorySegment}, even one over the
 * whole address space, is a chain of small methods. The five stages make some 150 accesses a packet, which is more than C2
 * inlines into one compilation (NodeCountInliningCutoff): it then calls the rest out of line. Measured on the pipeline that
 * is a quarter of a packet's time; docs/BENCHMARKS.md has the figures. Should the JDK take the class away, the bodies below
 * are all that changes. Flag: {@code --sun-misc-unsafe-memory-access=allow}, which Netty and Chronicle need as well.
 */
@SuppressWarnings("removal") // of memory access from Unsafe: see above
public final class Memory {
    private static final Unsafe UNSAFE = unsafe();

    private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private Memory() {}

    public static byte getByte(long address) {
        return UNSAFE.getByte(address);
    }

    public static void putByte(long address, byte value) {
        UNSAFE.putByte(address, value);
    }

    public static short getShort(long address) {
        return UNSAFE.getShort(address);
    }

    public static void putShort(long address, short value) {
        UNSAFE.putShort(address, value);
    }

    public static int getInt(long address) {
        return UNSAFE.getInt(address);
    }

    public static void putInt(long address, int value) {
        UNSAFE.putInt(address, value);
    }

    public static long getLong(long address) {
        return UNSAFE.getLong(address);
    }

    public static void putLong(long address, long value) {
        UNSAFE.putLong(address, value);
    }

    public static short getShortBe(long address) {
        short value = UNSAFE.getShort(address);
        return SWAP ? Short.reverseBytes(value) : value;
    }

    public static void putShortBe(long address, short value) {
        UNSAFE.putShort(address, SWAP ? Short.reverseBytes(value) : value);
    }

    public static int getIntBe(long address) {
        int value = UNSAFE.getInt(address);
        return SWAP ? Integer.reverseBytes(value) : value;
    }

    public static void putIntBe(long address, int value) {
        UNSAFE.putInt(address, SWAP ? Integer.reverseBytes(value) : value);
    }

    public static long getLongBe(long address) {
        long value = UNSAFE.getLong(address);
        return SWAP ? Long.reverseBytes(value) : value;
    }

    public static void putLongBe(long address, long value) {
        UNSAFE.putLong(address, SWAP ? Long.reverseBytes(value) : value);
    }

    /** Copies {@code length} bytes between two regions, which may overlap. */
    public static void copy(long from, long to, long length) {
        UNSAFE.copyMemory(from, to, length);
    }

    /** Sets {@code length} bytes, a multiple of 8, to zero. Stores in a loop: a slice to fill would be an object. */
    public static void zero(long address, long length) {
        for (long i = 0; i < length; i += Long.BYTES) {
            putLong(address + i, 0);
        }
    }

    private static Unsafe unsafe() {
        try {
            Field only = Unsafe.class.getDeclaredField("theUnsafe");
            only.setAccessible(true);
            return (Unsafe) only.get(null);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
