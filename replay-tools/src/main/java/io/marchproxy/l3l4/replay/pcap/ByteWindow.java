package io.marchproxy.l3l4.replay.pcap;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A stream of any length seen through a window of a megabyte off heap, where packets can be parsed in place. Numbers are read
 * in this machine's byte order, or the other when told so. One thread.
 */
final class ByteWindow implements AutoCloseable {
    /** The most that can be asked for at once. */
    static final int BYTES = 1 << 20;

    private final Arena arena = Arena.ofShared();
    private final ReadableByteChannel channel;
    private final ByteBuffer buffer;
    private final long begin;
    private int position;
    private long passed;
    private boolean swapped;
    private boolean ended;
    private @Nullable String fault;

    ByteWindow(InputStream in) {
        channel = Channels.newChannel(in);
        MemorySegment memory = arena.allocate(BYTES, Long.BYTES);
        begin = memory.address();
        buffer = memory.asByteBuffer();
    }

    /** Whether numbers stand in the byte order that is not this machine's. */
    void swapped(boolean value) {
        swapped = value;
    }

    /** Whether so many bytes are left; they stand in the window then. */
    boolean has(int bytes) throws IOException {
        if (buffer.position() - position >= bytes) {
            return true;
        }
        if (position > 0) {
            buffer.flip().position(position);
            buffer.compact();
            passed += position;
            position = 0;
        }
        while (!ended && buffer.position() < bytes) {
            fill();
        }
        return buffer.position() >= bytes;
    }

    /** Reads on. Where a compressed stream ends too early or makes no sense, it ends: what came before it is good. */
    private void fill() throws IOException {
        try {
            ended = channel.read(buffer) < 0;
        } catch (EOFException e) {
            ended = true;
            fault = "the compressed file is cut short";
        } catch (ZipException e) {
            ended = true;
            fault = "the compressed file is damaged (" + e.getMessage() + ")";
        }
    }

    /** Whether nothing is left at all. */
    boolean isEmpty() throws IOException {
        return !has(1);
    }

    /** Goes on by so many bytes, as far as there are any. */
    void skip(long bytes) throws IOException {
        long left = bytes;
        while (left > 0 && has(1)) {
            int step = (int) Math.min(left, buffer.position() - position);
            position += step;
            left -= step;
        }
    }

    /** Where the byte at an offset from the present position stands in memory; valid until the next {@link #has}. */
    long at(int offset) {
        return begin + position + offset;
    }

    /** How many bytes lie behind. */
    long offset() {
        return passed + position;
    }

    /** Why the stream ended where it did, when it was not its end. */
    @Nullable
    String fault() {
        return fault;
    }

    int u8(int offset) {
        return Byte.toUnsignedInt(Memory.getByte(at(offset)));
    }

    int u16(int offset) {
        short value = Memory.getShort(at(offset));
        return Short.toUnsignedInt(swapped ? Short.reverseBytes(value) : value);
    }

    int s32(int offset) {
        int value = Memory.getInt(at(offset));
        return swapped ? Integer.reverseBytes(value) : value;
    }

    long u32(int offset) {
        return Integer.toUnsignedLong(s32(offset));
    }

    long s64(int offset) {
        long value = Memory.getLong(at(offset));
        return swapped ? Long.reverseBytes(value) : value;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        arena.close();
    }
}
