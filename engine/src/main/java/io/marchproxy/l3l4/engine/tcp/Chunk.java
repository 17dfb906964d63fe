package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A piece of off-heap memory with bytes of a stream in it. Event loop's thread. */
final class Chunk implements Payload {
    private final long address;
    private final int capacity;
    private @Nullable ByteBuffer view;
    private int from;
    private int to;

    /** Memory that {@link ChunkPool} manages. */
    Chunk(long address, int capacity) {
        this.address = address;
        this.capacity = capacity;
    }

    /** Where the memory begins. */
    long address() {
        return address;
    }

    int capacity() {
        return capacity;
    }

    /** Where the bytes begin. */
    long bytesAddress() {
        return address + from;
    }

    /** How many bytes are in it. */
    int length() {
        return to - from;
    }

    /** Says that so many bytes were put in from the beginning on. */
    void filled(int bytes) {
        from = 0;
        to = bytes;
    }

    /** Says that the first bytes have been taken out. */
    void took(int bytes) {
        from += bytes;
    }

    /** Takes over what a buffer holds, which there must be room for. */
    void fill(ByteBuf bytes) {
        int length = bytes.readableBytes();
        bytes.readBytes(room(length));
        filled(length);
    }

    void copyOf(Chunk other) {
        int length = other.length();
        Memory.copy(other.bytesAddress(), address, length);
        filled(length);
    }

    /** Room for so many bytes from the beginning on, for who can't use an address. Valid until the next view is asked for. */
    ByteBuffer room(int bytes) {
        return view().clear().limit(bytes);
    }

    /** The bytes that are in it, for who can't use an address. Valid until the next view is asked for. */
    ByteBuffer bytes() {
        return view().limit(to).position(from);
    }

    @SuppressWarnings("restricted") // the memory is the pool's, and outlives the view's use
    private ByteBuffer view() {
        ByteBuffer present = view;
        if (present == null) {
            present = MemorySegment.ofAddress(address).reinterpret(capacity).asByteBuffer();
            view = present;
        }
        return present.clear();
    }
}
