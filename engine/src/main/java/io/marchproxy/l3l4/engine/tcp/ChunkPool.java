package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.NativeHeap;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A shard's memory for bytes that pass through it, in a few sizes, last given first taken: what was just sent is in the cache
 * still. What is free is kept for the next, up to a bound; what is in use is bounded by each connection's buffer. Event
 * loop's thread, but for {@link #inUse}.
 */
final class ChunkPool {
    /** The most that one read takes in. */
    static final int LARGEST = 64 * 1024;

    /** What came in a read of at most so many bytes is copied to a chunk of its size, and the read's own goes on being used. */
    private static final int WORTH_COPYING = 8 * 1024;

    private static final int[] SIZES = {512, 2 * 1024, WORTH_COPYING, LARGEST};
    private static final int KEPT_BYTES_PER_SIZE = 2 * 1024 * 1024;

    private final ArrayDeque<Chunk>[] free;
    private @Nullable Chunk incoming;
    private volatile int inUse;

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of generics
    ChunkPool() {
        free = new ArrayDeque[SIZES.length];
        for (int i = 0; i < SIZES.length; i++) {
            free[i] = new ArrayDeque<>();
        }
    }

    /** The chunk to read into, which stays the pool's. */
    Chunk incoming() {
        Chunk present = incoming;
        if (present == null) {
            present = takeUncounted(SIZES.length - 1);
            incoming = present;
        }
        return present;
    }

    /** Hands out what was read into {@link #incoming}; the user gives it back. */
    Chunk keep() {
        Chunk read = incoming();
        int length = read.length();
        if (length <= WORTH_COPYING) {
            Chunk copy = take(length);
            copy.copyOf(read);
            return copy;
        }
        count(1);
        incoming = null;
        return read;
    }

    /** An empty chunk for at least so many bytes, at most {@link #LARGEST}; the user gives it back. */
    Chunk take(int bytes) {
        count(1);
        return takeUncounted(sizeFor(bytes));
    }

    /** Takes a chunk back. */
    void give(Chunk chunk) {
        count(-1);
        int size = sizeFor(chunk.capacity());
        if (free[size].size() * (long) chunk.capacity() >= KEPT_BYTES_PER_SIZE) {
            NativeHeap.give(chunk.address());
        } else {
            free[size].push(chunk);
        }
    }

    /** Chunks that have been handed out. Any thread. */
    int inUse() {
        return inUse;
    }

    /** Gives back to the system what is free now. */
    void trim() {
        Chunk unused = incoming;
        if (unused != null) {
            NativeHeap.give(unused.address());
            incoming = null;
        }
        for (ArrayDeque<Chunk> chunks : free) {
            chunks.forEach(chunk -> NativeHeap.give(chunk.address()));
            chunks.clear();
        }
    }

    private Chunk takeUncounted(int size) {
        Chunk chunk = free[size].poll();
        return chunk == null ? fresh(SIZES[size]) : chunk;
    }

    private static Chunk fresh(int bytes) {
        return new Chunk(NativeHeap.take(bytes), bytes);
    }

    private static int sizeFor(int bytes) {
        int size = 0;
        while (SIZES[size] < bytes) {
            size++;
        }
        return size;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    private void count(int change) {
        inUse += change;
    }
}
