package io.marchproxy.l3l4.engine.numa;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a shard's memory comes from: zeroed, bound to a NUMA node when there is one to bind to, and taking up room only
 * where it is touched. Several threads may allocate; what was allocated is gone when the arena is closed.
 */
public final class NodeMemory implements Arena, AnonymousMemory.Home {
    private static final Logger LOG = LoggerFactory.getLogger(NodeMemory.class);
    private static final int PAGE_BYTES = 4096;

    /** Small pieces share a mapping of this size. */
    private static final int CHUNK_BYTES = 1 << 16;

    private static volatile boolean refusalIsTold;

    private final int node;
    private final Arena lifetime = Arena.ofShared();
    private long chunk;
    private long chunkLeft;
    private volatile int refusal;

    /**
     * An arena.
     *
     * @param node that its memory is bound to, or {@link PlacementPlan#ANY_NODE}
     */
    public NodeMemory(int node) {
        this.node = node;
    }

    @Override
    @SuppressWarnings("restricted") // the arena knows that the memory is there, and for how long
    public synchronized MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment <= 0 || Long.bitCount(byteAlignment) != 1) {
            throw new IllegalArgumentException(byteSize + " bytes aligned to " + byteAlignment);
        }
        long size = Math.max(1, byteSize);
        long address =
                size + byteAlignment <= CHUNK_BYTES / 2 ? takeSmall(size, byteAlignment) : map(size, byteAlignment);
        return MemorySegment.ofAddress(address).reinterpret(byteSize, lifetime, null);
    }

    @Override
    public MemorySegment.Scope scope() {
        return lifetime.scope();
    }

    @Override
    public void close() {
        lifetime.close();
    }

    /** Whether what was allocated so far is bound to the node. */
    public boolean isBound() {
        return node != PlacementPlan.ANY_NODE && refusal == 0;
    }

    private long takeSmall(long size, long alignment) {
        long padding = -chunk & (alignment - 1);
        if (padding + size > chunkLeft) {
            chunk = map(CHUNK_BYTES, PAGE_BYTES);
            chunkLeft = CHUNK_BYTES;
            padding = -chunk & (alignment - 1);
        }
        long address = chunk + padding;
        chunk = address + size;
        chunkLeft -= padding + size;
        return address;
    }

    @SuppressWarnings("restricted") // as above
    private long map(long size, long alignment) {
        long slack = alignment > PAGE_BYTES ? alignment : 0;
        AnonymousMemory memory = AnonymousMemory.at(this, () -> new AnonymousMemory(size + slack));
        MemorySegment.ofAddress(memory.address()).reinterpret(1, lifetime, _ -> memory.close());
        return memory.address() + (-memory.address() & (alignment - 1));
    }

    /** Binds memory that others map for themselves, and keep for themselves. */
    @Override
    public void mapped(long address, long size) {
        int answer = node == PlacementPlan.ANY_NODE ? 0 : MemoryPolicy.bind(address, size, node);
        if (answer < 0) {
            refusal = answer;
            if (!refusalIsTold) {
                refusalIsTold = true;
                LOG.warn(
                        "engine.numa: the kernel does not bind memory to node {}: {}; threads still touch their own first",
                        node,
                        MemoryPolicy.describe(answer));
            }
        }
    }
}
