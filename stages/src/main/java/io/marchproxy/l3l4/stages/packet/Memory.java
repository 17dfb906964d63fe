package io.marchproxy.l3l4.stages.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads and writes off-heap memory at absolute addresses.
 *
 * <p>One segment over the whole address space is a constant to the JIT, so an access costs what a raw pointer costs, where
 * a shared or confined arena's segment adds half a nanosecond at random places. The price is that nothing checks bounds:
 * only layouts with named offsets ({@link DescriptorLayout}, {@code FlowLayout}) may compute the addresses. Numbers are in
 * native byte order unless a method's name ends in {@code Be} (network order).
 */
public final class Memory {
    @SuppressWarnings("restricted") // the whole address space on purpose: bounds are the layouts' business
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfShort SHORT_BE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT_BE = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG_BE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Memory() {}

    public static byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    public static void putByte(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    public static short getShort(long address) {
        return ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    }

    public static void putShort(long address, short value) {
        ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
    }

    public static int getInt(long address) {
        return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    public static void putInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
    }

    public static long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    public static void putLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    public static short getShortBe(long address) {
        return ALL.get(SHORT_BE, address);
    }

    public static void putShortBe(long address, short value) {
        ALL.set(SHORT_BE, address, value);
    }

    public static int getIntBe(long address) {
        return ALL.get(INT_BE, address);
    }

    public static void putIntBe(long address, int value) {
        ALL.set(INT_BE, address, value);
    }

    public static long getLongBe(long address) {
        return ALL.get(LONG_BE, address);
    }

    public static void putLongBe(long address, long value) {
        ALL.set(LONG_BE, address, value);
    }

    /** Copies {@code length} bytes between two regions, which may overlap. */
    public static void copy(long from, long to, long length) {
        MemorySegment.copy(ALL, from, ALL, to, length);
    }

    /** Sets {@code length} bytes, a multiple of 8, to zero. Stores in a loop: a slice to fill would be an object. */
    public static void zero(long address, long length) {
        for (long i = 0; i < length; i += Long.BYTES) {
            putLong(address + i, 0);
        }
    }
}
