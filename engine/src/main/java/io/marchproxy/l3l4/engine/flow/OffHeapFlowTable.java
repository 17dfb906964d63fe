package io.marchproxy.l3l4.engine.flow;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

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
 * <p>A shard's memory takes up room where it is touched, and slots are given out from the lowest: a service that may hold a
 * million flows but has a thousand stays small. Nothing is ever rehashed.
 *
 * <p>With millions of flows every look-up waits for memory three times: for the cell, and for two lines of the entry. So
 * {@link #expect} goes over a batch beforehand, in loops whose loads do not depend on one another: the processor then waits for
 * a dozen of them at once, where look-up by look-up it would wait for each.
 */
public final class OffHeapFlowTable extends SingleWriter implements FlowTable {
    /** Flows at the most that a table can be made for: 2^29. */
    public static final int HIGHEST_CAPACITY = 1 << 29;

    private static final int CELL_BYTES = 8;
    private static final int CACHE_LINE_BYTES = 64;

    /** Packets that are looked up at once: more than a processor can wait for, fewer than the nearest cache holds. */
    private static final int BATCH = 64;

    private static final int HIGHEST_GENERATION = Integer.MAX_VALUE;

    /** In the generation of a free slot, so that no reference to it is known before it is given out. */
    private static final int FREE = Integer.MIN_VALUE;

    private static final int NONE = -1;

    private final FlowHash hash;
    private final Arena arena;
    private final int capacity;
    private final long index;
    private final int indexMask;
    private final long entries;

    /** Of the batch that is expected: where each packet's first cell is. */
    private final long[] cells = new long[BATCH];

    /** Of the batch that is expected: the slot of the flow that each packet will want, or {@link #NONE}. */
    private final int[] slots = new int[BATCH];

    /** What was read ahead: kept where others could see it, so that no compiler leaves the reading out. */
    long touched;

    /** Slots from here on were never given out. */
    private int untouched;

    /** The slot freed last; each free entry's timer link names the one freed before it. */
    private int firstFree = NONE;

    private int size;

    /** Under way while somebody copies the table; null nearly always. */
    private @Nullable SlotCopy copy;

    /**
     * An empty table.
     *
     * @param capacity flows at the most, 1 to {@link #HIGHEST_CAPACITY}
     * @param seed of the hash, so that clients cannot aim at a cell; recorded in the journal
     * @param arena outlives the table; one that touches what it allocates, as the JDK's own do, gets no huge pages
     */
    public OffHeapFlowTable(int capacity, long seed, Arena arena) {
        this(capacity, new FlowHash(seed), arena);
    }

    private OffHeapFlowTable(int capacity, FlowHash hash, Arena arena) {
        if (capacity < 1 || capacity > HIGHEST_CAPACITY) {
            throw new IllegalArgumentException(
                    "a flow table holds 1 to " + HIGHEST_CAPACITY + " flows, not " + capacity);
        }
        this.capacity = capacity;
        this.hash = hash;
        this.arena = arena;
        int cells = Math.max(Integer.highestOneBit(2 * capacity - 1) << 1, 2);
        this.indexMask = cells - 1;
        this.index = allocate(arena, (long) cells * CELL_BYTES);
        this.entries = allocate(arena, (long) capacity * FlowLayout.SIZE);
    }

    private static long allocate(Arena arena, long bytes) {
        boolean isLarge = bytes >= AnonymousMemory.HUGE_PAGE_BYTES;
        long address = arena.allocate(bytes, isLarge ? AnonymousMemory.HUGE_PAGE_BYTES : FlowLayout.SIZE)
                .address();
        if (isLarge) {
            AnonymousMemory.adviseHugePages(address, bytes);
        }
        return address;
    }

    @Override
    public void expect(PacketDescriptor[] events, int from, int count) {
        for (int done = 0; done < count; done += BATCH) {
            lookAhead(events, from + done, Math.min(BATCH, count - done));
        }
    }

    private void lookAhead(PacketDescriptor[] events, int from, int count) {
        long[] cellOf = cells;
        int[] slotOf = slots;
        for (int i = 0; i < count; i++) {
            cellOf[i] = firstCell(events[from + i]);
        }
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Memory.getLong(cellOf[i]);
        }
        for (int i = 0; i < count; i++) {
            slotOf[i] = likelySlot(events[from + i]);
        }
        for (int i = 0; i < count; i++) {
            sum += touch(events[from + i], slotOf[i]);
        }
        touched = sum;
    }

    /** Hashes the key of what will be looked up by it, and gives the place of its first cell; of others, some place. */
    private long firstCell(PacketDescriptor event) {
        if (event.flowRef() != PacketDescriptor.NO_FLOW || !event.isClientDatagram()) {
            return index;
        }
        int hashed = hash.of(event);
        event.flowHash(hashed);
        return index + (long) (hashed & indexMask) * CELL_BYTES;
    }

    /** The slot that an event names, or whose hash is its own: its flow's, as things stand, save for a collision. */
    private int likelySlot(PacketDescriptor event) {
        long flowRef = event.flowRef();
        if (flowRef != PacketDescriptor.NO_FLOW) {
            int slot = (int) flowRef;
            return slot >= 0 && slot < untouched ? slot : NONE;
        }
        int hashed = event.flowHash();
        int i = hashed & indexMask;
        long first = cell(i);
        i = (i + 1) & indexMask;
        long second = cell(i);
        // Which of the two it is cannot be foreseen, and a branch that is mispredicted costs more than this: all ones
        // if the first.
        long isFirst = (((first >>> 32) ^ Integer.toUnsignedLong(hashed)) - 1) >> 63;
        long cell = (first & isFirst) | (second & ~isFirst);
        while (first != 0 && cell != 0 && (int) (cell >>> 32) != hashed) {
            i = (i + 1) & indexMask;
            cell = cell(i);
        }
        return first == 0 ? NONE : (int) cell - 1;
    }

    private long touch(PacketDescriptor event, int slot) {
        if (slot == NONE) {
            return 0;
        }
        long entry = address(slot);
        event.likelyFlow(reference(Memory.getInt(entry + FlowLayout.GENERATION), slot));
        return Memory.getLong(entry + CACHE_LINE_BYTES);
    }

    @Override
    public long find(PacketDescriptor fromClient) {
        long likely = fromClient.likelyFlow();
        long likelyEntry = entry(likely);
        if (likelyEntry != 0 && hasKeyOf(likelyEntry, fromClient)) {
            return likely;
        }
        return search(fromClient);
    }

    private long search(PacketDescriptor fromClient) {
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
        int generation = Memory.getInt(entry + FlowLayout.GENERATION) & ~FREE;
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
        return untouched++;
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
        Memory.putInt(entry + FlowLayout.GENERATION, FREE | (generation == HIGHEST_GENERATION ? 0 : generation + 1));
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
        // A negative reference bears the mark of a free slot, if it isn't NO_FLOW.
        if (flowRef < 0 || slot < 0 || slot >= untouched) {
            return 0;
        }
        long entry = entryAt(slot);
        return Memory.getInt(entry + FlowLayout.GENERATION) == (int) (flowRef >>> 32) ? entry : 0;
    }

    @Override
    public long entryAt(int slot) {
        if (copy != null) {
            copy.before(slot);
        }
        return address(slot);
    }

    private long address(int slot) {
        return entries + (long) slot * FlowLayout.SIZE;
    }

    @Override
    public long refAt(int slot) {
        return reference(Memory.getInt(address(slot) + FlowLayout.GENERATION), slot);
    }

    @Override
    public int slots() {
        return untouched;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    /**
     * Begins to copy all slots as they stand now, while the table goes on being used: whatever is about to change is handed over
     * first, the rest as {@link #copyOn} is called. The copier may end it at any time. Between events.
     */
    public void beginCopy(SlotCopier copier) {
        copy = new SlotCopy(copier, untouched);
    }

    /**
     * Hands over the next slots that have not been.
     *
     * @return false when all have been; the copy has then ended
     */
    public boolean copyOn() {
        SlotCopy running = copy;
        if (running != null && running.next()) {
            return true;
        }
        endCopy();
        return false;
    }

    /** Copies no further. */
    public void endCopy() {
        copy = null;
    }

    /** Writes what a copy of all slots needs besides: {@link #restore} reads it. */
    public void save(StateWriter to) {
        to.number(untouched);
        to.number(size);
        to.number(firstFree);
    }

    /**
     * Begins to take over another table's content: this one is new. Then come all {@link #restoreSlot}, and {@link #restored}.
     *
     * @throws IllegalStateException when the other was larger
     */
    public void restore(StateReader from) {
        untouched = from.number(0, capacity);
        size = from.number(0, untouched);
        firstFree = from.number(NONE, untouched - 1);
    }

    /** Where a slot's bytes belong while the table is restored: of one in use the whole entry, of a free one only {@link #restoreFree}. */
    public long restoreSlot(int slot) {
        if (slot < 0 || slot >= untouched) {
            throw new IllegalStateException("slot " + slot + " of " + untouched);
        }
        return address(slot);
    }

    /** Takes over a slot that is free. */
    public void restoreFree(int slot, int generation, int nextFree) {
        long entry = restoreSlot(slot);
        Memory.putInt(entry + FlowLayout.GENERATION, FREE | generation);
        Memory.putInt(entry + FlowLayout.TIMER_NEXT, nextFree);
    }

    /** All slots are there: the index is made anew, in which order does not matter. */
    public void restored() {
        int used = 0;
        for (int slot = 0; slot < untouched; slot++) {
            if (isInUse(slot)) {
                addToIndex(Memory.getInt(address(slot) + FlowLayout.HASH), slot);
                used++;
            }
        }
        int free = 0;
        for (int slot = firstFree; slot != NONE && free <= untouched - used; free++) {
            if (slot < 0 || slot >= untouched || isInUse(slot)) {
                throw new IllegalStateException("the list of free slots names slot " + slot);
            }
            slot = Memory.getInt(address(slot) + FlowLayout.TIMER_NEXT);
        }
        if (used != size || free != untouched - used) {
            throw new IllegalStateException(
                    used + " flows and " + free + " free slots instead of " + size + " and " + (untouched - size));
        }
    }

    /** Whether a flow is in a slot that was given out once. */
    public boolean isInUse(int slot) {
        return Memory.getInt(address(slot) + FlowLayout.GENERATION) >= 0;
    }

    /** The generation that a free slot will have when it is given out. */
    public int freeGeneration(int slot) {
        return Memory.getInt(address(slot) + FlowLayout.GENERATION) & ~FREE;
    }

    /** The bytes of a slot, for a copy. */
    public long slotAddress(int slot) {
        return address(slot);
    }

    @Override
    public FlowHash hash() {
        return hash;
    }

    @Override
    public FlowTable another(int flows) {
        return new OffHeapFlowTable(flows, hash, arena);
    }

    @Override
    public void release() {
        AnonymousMemory.giveBack(index, (indexMask + 1L) * CELL_BYTES);
        AnonymousMemory.giveBack(entries, (long) capacity * FlowLayout.SIZE);
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

    /**
     * Addresses and ports stand in the same order in both layouts, source as client and destination as listener. All differences
     * are gathered before the one branch: keys are equal nearly always, since their hashes are.
     */
    static boolean hasKeyOf(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        long differences = (Memory.getLong(entry + FlowLayout.CLIENT_HIGH)
                        ^ Memory.getLong(descriptor + DescriptorLayout.SOURCE_HIGH))
                | (Memory.getLong(entry + FlowLayout.CLIENT_LOW)
                        ^ Memory.getLong(descriptor + DescriptorLayout.SOURCE_LOW))
                | (Memory.getLong(entry + FlowLayout.LISTENER_HIGH)
                        ^ Memory.getLong(descriptor + DescriptorLayout.DESTINATION_HIGH))
                | (Memory.getLong(entry + FlowLayout.LISTENER_LOW)
                        ^ Memory.getLong(descriptor + DescriptorLayout.DESTINATION_LOW))
                | (Memory.getInt(entry + FlowLayout.CLIENT_PORT)
                        ^ Memory.getInt(descriptor + DescriptorLayout.SOURCE_PORT))
                | (Memory.getShort(entry + FlowLayout.PROTOCOL)
                        ^ Memory.getShort(descriptor + DescriptorLayout.PROTOCOL))
                | (Memory.getShort(entry + FlowLayout.SERVICE)
                        ^ Memory.getShort(descriptor + DescriptorLayout.SERVICE));
        return differences == 0;
    }

    private static void setKey(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        Memory.copy(descriptor + DescriptorLayout.SOURCE_HIGH, entry + FlowLayout.CLIENT_HIGH, 36);
        Memory.putByte(entry + FlowLayout.PROTOCOL, Memory.getByte(descriptor + DescriptorLayout.PROTOCOL));
        Memory.putByte(entry + FlowLayout.IP_VERSION, Memory.getByte(descriptor + DescriptorLayout.IP_VERSION));
        Memory.putShort(entry + FlowLayout.SERVICE, Memory.getShort(descriptor + DescriptorLayout.SERVICE));
    }
}
