package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;

/**
 * Writes packets into a capture, as raw IP packets (link type 101) with times in nanoseconds. One thread.
 */
public abstract class CaptureWriter implements AutoCloseable {
    /** Which format. */
    public enum Format {
        PCAP,
        PCAPNG;

        /** As users write it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int ROOM = 256 << 10;

    private final OutputStream out;

    /** What was not yet handed on; in either format numbers may stand in any order, and this is the one that all tools knew first. */
    private ByteBuffer block = ByteBuffer.allocate(ROOM).order(ByteOrder.LITTLE_ENDIAN);

    CaptureWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Begins a capture.
     *
     * @param source name of where the packets come from; the older format has no place for it
     * @param program that writes it
     */
    public static CaptureWriter to(OutputStream out, Format format, String source, String program) throws IOException {
        return format == Format.PCAP ? new PcapWriter(out) : new PcapngWriter(out, source, program);
    }

    /**
     * Writes a packet.
     *
     * @param timeNs since 1970
     * @param bytes as many as are known
     * @param originalBytes how many there were
     * @param comment what is to be said of it; the older format has no place for it
     */
    public abstract void packet(long timeNs, byte[] bytes, int originalBytes, String comment) throws IOException;

    /** The buffer, with room for so many bytes. */
    final ByteBuffer room(int bytes) throws IOException {
        if (block.remaining() < bytes) {
            flush();
            if (block.capacity() < bytes) {
                block = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        return block;
    }

    private void flush() throws IOException {
        out.write(block.array(), 0, block.position());
        block.clear();
    }

    @Override
    public final void close() throws IOException {
        try (out) {
            flush();
        }
    }

    /** Text at most so many bytes long. */
    static byte[] cut(byte[] text, int most) {
        return text.length > most ? Arrays.copyOf(text, most) : text;
    }
}
