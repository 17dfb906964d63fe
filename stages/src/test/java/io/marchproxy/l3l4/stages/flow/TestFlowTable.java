package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** The flow table that says by its plainness what a flow table does: a map from keys to slots. */
public final class TestFlowTable implements FlowTable {
    private final FlowHash hash = new FlowHash(42);
    private final MemorySegment entries;
    private final Map<FlowKey, Integer> slots = new HashMap<>();
    private final Deque<Integer> free = new ArrayDeque<>();
    private final boolean[] used;
    private final int capacity;
    private int size;
    private boolean isReleased;

    public TestFlowTable(int capacity) {
        this.capacity = capacity;
        this.used = new boolean[capacity];
        this.entries = Arena.ofAuto().allocate((long) capacity * FlowLayout.SIZE, FlowLayout.SIZE);
        for (int slot = 0; slot < capacity; slot++) {
            free.addLast(slot);
        }
    }

    /** A table with the same content. */
    public TestFlowTable copy() {
        TestFlowTable other = new TestFlowTable(capacity);
        MemorySegment.copy(entries, 0, other.entries, 0, entries.byteSize());
        other.slots.putAll(slots);
        other.free.clear();
        other.free.addAll(free);
        System.arraycopy(used, 0, other.used, 0, capacity);
        other.size = size;
        return other;
    }

    @Override
    public void expect(PacketDescriptor[] events, int from, int count) {
        // needs nothing ahead
    }

    @Override
    public long find(PacketDescriptor fromClient) {
        fromClient.flowHash(hash.of(fromClient));
        Integer slot = slots.get(FlowKey.of(fromClient));
        return slot == null ? PacketDescriptor.NO_FLOW : refAt(slot);
    }

    @Override
    public long insert(PacketDescriptor fromClient) {
        fromClient.flowHash(hash.of(fromClient));
        if (free.isEmpty()) {
            return FULL;
        }
        int slot = free.removeFirst();
        long entry = entryAt(slot);
        int generation = FlowEntry.generation(entry);
        Memory.zero(entry, FlowLayout.SIZE);
        Memory.putInt(entry + FlowLayout.GENERATION, generation);
        Memory.putInt(entry + FlowLayout.HASH, fromClient.flowHash());
        Memory.putInt(entry + FlowLayout.BACKEND, -1);
        Memory.putInt(entry + FlowLayout.TIMER_PREVIOUS, -1);
        Memory.putInt(entry + FlowLayout.TIMER_NEXT, -1);
        Memory.putLong(entry + FlowLayout.CLIENT_HIGH, fromClient.sourceHigh());
        Memory.putLong(entry + FlowLayout.CLIENT_LOW, fromClient.sourceLow());
        Memory.putLong(entry + FlowLayout.LISTENER_HIGH, fromClient.destinationHigh());
        Memory.putLong(entry + FlowLayout.LISTENER_LOW, fromClient.destinationLow());
        Memory.putShort(entry + FlowLayout.CLIENT_PORT, (short) fromClient.sourcePort());
        Memory.putShort(entry + FlowLayout.LISTENER_PORT, (short) fromClient.destinationPort());
        Memory.putByte(entry + FlowLayout.PROTOCOL, (byte) fromClient.protocol());
        Memory.putByte(entry + FlowLayout.IP_VERSION, (byte) fromClient.ipVersion());
        Memory.putShort(entry + FlowLayout.SERVICE, (short) fromClient.service());
        slots.put(FlowKey.of(entry), slot);
        used[slot] = true;
        size++;
        return refAt(slot);
    }

    @Override
    public void remove(long flowRef) {
        long entry = entry(flowRef);
        if (entry == 0) {
            throw new IllegalArgumentException("no flow " + flowRef);
        }
        int slot = (int) flowRef;
        slots.remove(FlowKey.of(entry), slot);
        Memory.putInt(entry + FlowLayout.GENERATION, FlowEntry.generation(entry) + 1);
        used[slot] = false;
        free.addFirst(slot);
        size--;
    }

    @Override
    public long entry(long flowRef) {
        int slot = (int) flowRef;
        boolean isHere = slot >= 0
                && slot < capacity
                && used[slot]
                && FlowEntry.generation(entryAt(slot)) == (int) (flowRef >>> 32);
        return isHere ? entryAt(slot) : 0;
    }

    @Override
    public long entryAt(int slot) {
        return entries.address() + (long) slot * FlowLayout.SIZE;
    }

    @Override
    public long refAt(int slot) {
        return ((long) FlowEntry.generation(entryAt(slot)) << 32) | slot;
    }

    @Override
    public int slots() {
        return capacity;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public FlowHash hash() {
        return hash;
    }

    @Override
    public FlowTable another(int flows) {
        return new TestFlowTable(flows);
    }

    @Override
    public void release() {
        isReleased = true;
    }

    /** Whether its memory was given back. */
    public boolean isReleased() {
        return isReleased;
    }
}
