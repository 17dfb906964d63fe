package io.marchproxy.l3l4.engine.testing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Bytes that only the same seed makes again, so that lost, doubled, swapped or foreign bytes all change the digest:
 * xorshift64 (Marsaglia 2003), eight bytes a step, a gigabyte and more a second.
 */
public final class Noise {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private long state;

    public Noise(long seed) {
        state = seed * 0x9E3779B97F4A7C15L | 1;
    }

    /** Fills a buffer whose length is a multiple of eight. */
    public void fill(byte[] buffer) {
        long x = state;
        for (int i = 0; i < buffer.length; i += Long.BYTES) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
            LONGS.set(buffer, i, x);
        }
        state = x;
    }

    /** SHA-256, ready to be fed. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
