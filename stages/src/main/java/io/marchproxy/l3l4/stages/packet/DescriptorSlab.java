package io.marchproxy.l3l4.stages.packet;

import java.lang.foreign.MemorySegment;

/**
 * A block of memory cut into descriptors. The engine allocates the block (and binds it to a NUMA node); the slab only
 * places the descriptors in it.
 */
public final class DescriptorSlab {
    private final MemorySegment memory;
    private final int capacity;

    /**
     * Lays descriptors over a block.
     *
     * @param memory aligned to {@link DescriptorLayout#SIZE}; kept reachable by this slab
     * @throws IllegalArgumentException if the block is not aligned or holds no descriptor
     */
    public DescriptorSlab(MemorySegment memory) {
        if (memory.address() % DescriptorLayout.SIZE != 0 || memory.byteSize() < DescriptorLayout.SIZE) {
            throw new IllegalArgumentException(
                    "a slab is aligned to " + DescriptorLayout.SIZE + " bytes and holds at least one descriptor");
        }
        this.memory = memory;
        this.capacity = (int) Math.min(Integer.MAX_VALUE, memory.byteSize() / DescriptorLayout.SIZE);
    }

    /** How many descriptors fit. */
    public int capacity() {
        return capacity;
    }

    /** A new view of the descriptor at an index. */
    public PacketDescriptor view(int index) {
        if (index < 0 || index >= capacity) {
            throw new IndexOutOfBoundsException(index);
        }
        return new PacketDescriptor(memory.address() + (long) index * DescriptorLayout.SIZE);
    }
}
