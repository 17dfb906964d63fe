package io.marchproxy.l3l4.engine.flow;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;

/**
 * A shard's flow cache: off heap, bounded, without a byte of garbage.
 *
 * <pre>
 *   index: 8-byte cells                          entries: 128 bytes each, {@link FlowLayout}
 *   | hash, 32 bits | slot + 1, 32 bits |  ───▶  | key · what packets read | what packets count |
 * </pre>
 *
 * <p>Open addressing with linear probing: the index is at most half full, so that a look-up reads one cache line of it
 * nearly always, and the whole hash in the cell spares the entry unless it is the right one. Deleting moves later cells
 * back (Knuth, TAOCP volume 3, 6.4, algorithm R), so there are no tombstones and look-ups do not slow down with age.
 * Entries never move, and a freed one is the next to be given out, while it is still in the cache.
 *
 * <p>Room for entries is taken from the arena in pieces as flows come, and kept: a service that may hold a million flows
 * but has a thousand stays small. The index is there from the start, so nothing is ever rehashed.
 */
public final class OffHeapFlowTable implements FlowTable {
    /** Flows at the most that a table can be made for: 2^29. */
    public static final int HIGHEST_CAPACITY = 1 << 29;

    private static final int CELL_BYTES = 8;
    private static final int CACHE_LINE_BYTES = 64;
    private static final int PIECE_BITS = 12;
    private static final int PIECE_ENTRIES = 1 << PIECE_BITS;
    private static final int PIECE_MASK = PIECE_ENTRIES - 1;
    private static final int HIGHEST_GENERATION = Integer.MAX_VALUE;
    private static final int NONE = -1;

    private final Arena arena;
    private final FlowHash hash;
    private final int capacity;
    private final long index;
    private final int indexMask;
    private final long[] pieces;

    /** Slots from here on were never given out. */
    private int untouched;

    /** The slot freed last; each free entry's timer link names the one freed before it. */
    private int firstFree = NONE;

    private int size;

    /**
     * An empty table.
     *
     * @param capacity flows at the most, 1 to {@link #HIGHEST_CAPACITY}
     * @param seed of the hash, so that clients cannot aim at a cell; recorded in the journal
     * @param arena outlives the table, and lets the table's thread allocate
     */
    public OffHeapFlowTable(int capacity, long seed, Arena arena) {
        if (capacity < 1 || capacity > HIGHEST_CAPACITY) {
            throw new IllegalArgumentException(
                    "a flow table holds 1 to " + HIGHEST_CAPACITY + " flows, not " + capacity);
        }
        this.capacity = capacity;
        this.arena = arena;
        this.hash = new FlowHash(seed);
        int cells = Math.max(Integer.highestOneBit(2 * capacity - 1) << 1, 2);
        this.indexMask = cells - 1;
        this.index = arena.allocate((long) cells * CELL_BYTES, CACHE_LINE_BYTES).address();
        this.pieces = new long[(capacity + PIECE_ENTRIES - 1) >> PIECE_BITS];
    }

    @Override
    public long find(PacketDescriptor fromClient) {
        int hashed = hash.of(fromClient);
        fromClient.flowHash(hashed);
        for (int i = hashed & indexMask; ; i = (i + 1) & indexMask) {
            long cell = cell(i);
            if (cell == 0) {
                return PacketDescriptor.NO_FLOW;
            }
            if ((int) (cell >>> 32) == hashed) {
                int slot = (int) cell - 1;
                if (hasKeyOf(entryAt(slot), fromClient)) {
                    return refAt(slot);
                }
            }
        }
    }

    @Override
    public long insert(PacketDescriptor fromClient) {
        int hashed = hash.of(fromClient);
        fromClient.flowHash(hashed);
        if (size == capacity) {
            return FULL;
        }
        int slot = takeSlot();
        long entry = entryAt(slot);
        int generation = Memory.getInt(entry + FlowLayout.GENERATION);
        Memory.zero(entry, FlowLayout.SIZE);
        Memory.putInt(entry + FlowLayout.GENERATION, generation);
        Memory.putInt(entry + FlowLayout.HASH, hashed);
        Memory.putInt(entry + FlowLayout.BACKEND, PacketDescriptor.NO_BACKEND);
        Memory.putInt(entry + FlowLayout.TIMER_PREVIOUS, NONE);
        Memory.putInt(entry + FlowLayout.TIMER_NEXT, NONE);
        setKey(entry, fromClient);
        addToIndex(hashed, slot);
        size++;
        return reference(generation, slot);
    }

    private int takeSlot() {
        int slot = firstFree;
        if (slot != NONE) {
            firstFree = Memory.getInt(entryAt(slot) + FlowLayout.TIMER_NEXT);
            return slot;
        }
        slot = untouched++;
        if ((slot & PIECE_MASK) == 0) {
            long entries = Math.min(PIECE_ENTRIES, capacity - slot);
            pieces[slot >> PIECE_BITS] =
                    arena.allocate(entries * FlowLayout.SIZE, FlowLayout.SIZE).address();
        }
        return slot;
    }

    private void addToIndex(int hashed, int slot) {
        int i = hashed & indexMask;
        while (cell(i) != 0) {
            i = (i + 1) & indexMask;
        }
        cell(i, ((long) hashed << 32) | (slot + 1));
    }

    @Override
    public void remove(long flowRef) {
        long entry = entry(flowRef);
        if (entry == 0) {
            throw new IllegalArgumentException("no flow has the reference " + flowRef);
        }
        int slot = (int) flowRef;
        removeFromIndex(Memory.getInt(entry + FlowLayout.HASH), slot);
        int generation = (int) (flowRef >>> 32);
        Memory.putInt(entry + FlowLayout.GENERATION, generation == HIGHEST_GENERATION ? 0 : generation + 1);
        Memory.putInt(entry + FlowLayout.TIMER_NEXT, firstFree);
        firstFree = slot;
        size--;
    }

    private void removeFromIndex(int hashed, int slot) {
        int hole = hashed & indexMask;
        while ((int) cell(hole) != slot + 1) {
            hole = (hole + 1) & indexMask;
        }
        int i = hole;
        while (true) {
            i = (i + 1) & indexMask;
            long cell = cell(i);
            if (cell == 0) {
                cell(hole, 0);
                return;
            }
            int home = (int) (cell >>> 32) & indexMask;
            boolean mayMove = ((i - home) & indexMask) >= ((i - hole) & indexMask);
            if (mayMove) {
                cell(hole, cell);
                hole = i;
            }
        }
    }

    @Override
    public long entry(long flowRef) {
        int slot = (int) flowRef;
        if (slot < 0 || slot >= untouched) {
            return 0;
        }
        long entry = entryAt(slot);
        return Memory.getInt(entry + FlowLayout.GENERATION) == (int) (flowRef >>> 32) ? entry : 0;
    }

    @Override
    public long entryAt(int slot) {
        return pieces[slot >> PIECE_BITS] + (long) (slot & PIECE_MASK) * FlowLayout.SIZE;
    }

    @Override
    public long refAt(int slot) {
        return reference(Memory.getInt(entryAt(slot) + FlowLayout.GENERATION), slot);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    private long cell(int i) {
        return Memory.getLong(index + (long) i * CELL_BYTES);
    }

    private void cell(int i, long value) {
        Memory.putLong(index + (long) i * CELL_BYTES, value);
    }

    private static long reference(int generation, int slot) {
        return ((long) generation << 32) | slot;
    }

    /** Addresses and ports stand in the same order in both layouts, source as client and destination as listener. */
    static boolean hasKeyOf(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        return Memory.getLong(entry + FlowLayout.CLIENT_LOW) == Memory.getLong(descriptor + DescriptorLayout.SOURCE_LOW)
                && Memory.getInt(entry + FlowLayout.CLIENT_PORT)
                        == Memory.getInt(descriptor + DescriptorLayout.SOURCE_PORT)
                && Memory.getLong(entry + FlowLayout.LISTENER_LOW)
                        == Memory.getLong(descriptor + DescriptorLayout.DESTINATION_LOW)
                && Memory.getLong(entry + FlowLayout.CLIENT_HIGH)
                        == Memory.getLong(descriptor + DescriptorLayout.SOURCE_HIGH)
                && Memory.getLong(entry + FlowLayout.LISTENER_HIGH)
                        == Memory.getLong(descriptor + DescriptorLayout.DESTINATION_HIGH)
                && Memory.getByte(entry + FlowLayout.PROTOCOL) == Memory.getByte(descriptor + DescriptorLayout.PROTOCOL)
                && Memory.getByte(entry + FlowLayout.IP_VERSION)
                        == Memory.getByte(descriptor + DescriptorLayout.IP_VERSION)
                && Memory.getShort(entry + FlowLayout.SERVICE)
                        == Memory.getShort(descriptor + DescriptorLayout.SERVICE);
    }

    private static void setKey(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        Memory.copy(descriptor + DescriptorLayout.SOURCE_HIGH, entry + FlowLayout.CLIENT_HIGH, 36);
        Memory.putByte(entry + FlowLayout.PROTOCOL, Memory.getByte(descriptor + DescriptorLayout.PROTOCOL));
        Memory.putByte(entry + FlowLayout.IP_VERSION, Memory.getByte(descriptor + DescriptorLayout.IP_VERSION));
        Memory.putShort(entry + FlowLayout.SERVICE, Memory.getShort(descriptor + DescriptorLayout.SERVICE));
    }
}
