package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * UDP sessions of before this start that wait for their clients' next datagrams. Which shard the kernel will give a client to is
 * not known beforehand, so each shard waits for all of them. One leaves when it is found or has been silent for its service's
 * time-out, in virtual time as everything; with the last one the memory goes.
 *
 * <p>They wait apart from the flows: what waits here counts against no cap, fills no flow table, and has no socket.
 */
public final class RememberedSessions implements FlowTimers.Expiry {
    private static final int MOST = 1 << 29;

    /** A checkpoint must be brief: with more than these it waits until some have gone. */
    private static final int MOST_SAVED = 8192;

    private static final int KEY_BYTES = FlowLayout.HASH;

    private final FlowTable like;
    private final LongUnaryOperator deadlinesNs;
    private @Nullable FlowTable sessions;
    private @Nullable FlowTimers timers;

    /** Written by the pipeline's thread alone. */
    private volatile int waiting;

    private volatile long found;

    /**
     * Remembers nothing yet.
     *
     * @param like makes the tables, so that their hash is the flow table's
     * @param deadlinesNs when the session of an entry at an address is forgotten
     */
    public RememberedSessions(FlowTable like, LongUnaryOperator deadlinesNs) {
        this.like = like;
        this.deadlinesNs = deadlinesNs;
    }

    /** Takes in what a RESTORE event tells, unless it is too old already. */
    public void add(PacketDescriptor restored, long nowNs) {
        if (sessions == null) {
            begin(Math.clamp(restored.argument0(), 1, MOST));
        }
        FlowTable table = sessions;
        FlowTimers clock = timers;
        if (table == null || clock == null) {
            return;
        }
        long ref = table.insert(restored);
        if (ref == FlowTable.FULL) {
            return;
        }
        int slot = (int) ref;
        long entry = table.entryAt(slot);
        Memory.copy(restored.payloadAddress(), entry + FlowLayout.REMEMBERED, FlowLayout.REMEMBERED_SIZE);
        FlowEntry.backend(entry, restored.backend());
        FlowEntry.droppedPackets(entry, restored.segmentBytes());
        long deadlineNs = deadlinesNs.applyAsLong(entry);
        if (deadlineNs > nowNs) {
            clock.arm(slot, entry, deadlineNs, nowNs);
            waiting = table.size();
        } else {
            table.remove(ref);
        }
    }

    private void begin(int capacity) {
        FlowTable table = like.another(capacity);
        sessions = table;
        timers = new FlowTimers(table, this);
    }

    /** The remembered session of a client's datagram that is not too old, or {@link PacketDescriptor#NO_FLOW}. */
    public long find(PacketDescriptor fromClient, long nowNs) {
        FlowTable table = sessions;
        if (table == null) {
            return PacketDescriptor.NO_FLOW;
        }
        long ref = table.find(fromClient);
        // A timer may be late, since a reload shortened the time-out.
        return ref != PacketDescriptor.NO_FLOW && deadlinesNs.applyAsLong(table.entry(ref)) > nowNs
                ? ref
                : PacketDescriptor.NO_FLOW;
    }

    /** Where a session that was found went; −1 when that backend is not there any more. */
    public int backend(long ref) {
        FlowTable table = sessions;
        return table == null ? PacketDescriptor.NO_BACKEND : FlowEntry.backend(table.entry(ref));
    }

    /** Has a flow go on where a session that was found stood: its counters come on top. */
    public void take(long ref, long entry) {
        FlowTable table = sessions;
        FlowTimers clock = timers;
        if (table == null || clock == null) {
            return;
        }
        long before = table.entry(ref);
        FlowEntry.firstSeenNs(entry, FlowEntry.firstSeenNs(before));
        for (int at = FlowLayout.PACKETS_TO_BACKEND; at <= FlowLayout.BYTES_TO_CLIENT; at += Long.BYTES) {
            Memory.putLong(entry + at, Memory.getLong(entry + at) + Memory.getLong(before + at));
        }
        FlowEntry.countDropped(entry, FlowEntry.droppedPackets(before));
        clock.cancel(before);
        long foundBefore = found;
        found = foundBefore + 1;
        forget(table, ref);
    }

    private void forget(FlowTable table, long ref) {
        table.remove(ref);
        waiting = table.size();
        if (table.size() == 0) {
            sessions = null;
            timers = null;
            table.release();
        }
    }

    /** When {@link #expire} is next due; {@code Long.MAX_VALUE} when nothing is remembered. */
    public long nextNs() {
        FlowTimers clock = timers;
        return clock == null ? Long.MAX_VALUE : clock.nextNs();
    }

    /** Forgets what has come to its deadline. */
    public void expire() {
        FlowTimers clock = timers;
        if (clock != null) {
            clock.expire();
        }
    }

    @Override
    public long deadlineNs(long entry) {
        return deadlinesNs.applyAsLong(entry);
    }

    @Override
    public void expired(long ref) {
        FlowTable table = sessions;
        if (table != null) {
            forget(table, ref);
        }
    }

    /** Whether a checkpoint can be written now without keeping packets waiting. */
    public boolean isBriefToSave() {
        FlowTable table = sessions;
        return table == null || table.size() <= MOST_SAVED;
    }

    /** Writes what a later start needs to go on from here. */
    public void save(StateWriter to) {
        FlowTable table = sessions;
        to.number(table == null ? 0 : table.capacity());
        if (table == null) {
            return;
        }
        to.number(table.size());
        for (int slot = 0; slot < table.slots(); slot++) {
            long entry = table.entry(table.refAt(slot));
            if (entry != 0) {
                to.block(entry, KEY_BYTES);
                to.number(FlowEntry.backend(entry));
                to.number(FlowEntry.droppedPackets(entry));
                to.block(entry + FlowLayout.REMEMBERED, FlowLayout.REMEMBERED_SIZE);
            }
        }
    }

    /** Takes over what was saved. In which slots they were makes no difference to anything. */
    public void restore(StateReader from, long nowNs) {
        int capacity = from.number(0, MOST);
        if (capacity == 0) {
            return;
        }
        begin(capacity);
        try (Arena arena = Arena.ofConfined()) {
            restoreAll(from, from.number(0, capacity), arena.allocate(2L * FlowLayout.SIZE, FlowLayout.SIZE), nowNs);
        }
    }

    private void restoreAll(StateReader from, int count, MemorySegment memory, long nowNs) {
        long entry = memory.address();
        PacketDescriptor event = new DescriptorSlab(memory.asSlice(FlowLayout.SIZE)).view(0);
        for (int left = count; left > 0; left--) {
            from.block(entry, KEY_BYTES);
            event.reset(EventKind.RESTORE, nowNs);
            FlowEntry.nameClient(entry, event);
            event.backend(from.number(PacketDescriptor.NO_BACKEND, Integer.MAX_VALUE));
            event.segmentBytes(from.number(Integer.MIN_VALUE, Integer.MAX_VALUE));
            from.block(entry + FlowLayout.REMEMBERED, FlowLayout.REMEMBERED_SIZE);
            event.payloadAddress(entry + FlowLayout.REMEMBERED);
            add(event, nowNs);
        }
    }

    /** Sessions that wait. Any thread may ask. */
    public int waiting() {
        return waiting;
    }

    /** Sessions that were found again so far. Any thread may ask. */
    public long found() {
        return found;
    }
}
