package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * What came in, left, was dropped and is held, and what of it was marked: packets and bytes per service, class and direction. One thread writes, any
 * thread may read single cells; {@link #copy()} by the writing thread gives a consistent whole.
 *
 * <p>In each row in + moved = out + dropped + held. What moved to another class while it was held came in as one and leaves as the other, so it is
 * a plus in one row and a minus in another.
 *
 * <p>Cells grow with the number of services, which only a new configuration changes, never with packets.
 */
public final class TrafficBooks {
    /** Columns of a row; dropped packets and bytes by reason follow. */
    private static final int IN_PACKETS = 0;

    private static final int IN_BYTES = 1;
    private static final int OUT_PACKETS = 2;
    private static final int OUT_BYTES = 3;
    private static final int HELD_PACKETS = 4;
    private static final int HELD_BYTES = 5;
    private static final int MARKED_PACKETS = 6;
    private static final int MARKED_BYTES = 7;
    private static final int BORROWED_PACKETS = 8;
    private static final int BORROWED_BYTES = 9;
    private static final int MOVED_PACKETS = 10;
    private static final int MOVED_BYTES = 11;
    private static final int DROPPED_PACKETS = 12;
    private static final int DROPPED_BYTES = DROPPED_PACKETS + DropReason.count();
    private static final int COLUMNS = DROPPED_BYTES + DropReason.count();
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;
    private static final int TO_BACKEND = Direction.TO_BACKEND.ordinal();
    private static final int TO_CLIENT = Direction.TO_CLIENT.ordinal();
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CELLS = cellsHandle();

    /** Replaced by the writer with release when it grows; the writer reads it plainly, others with acquire. */
    private long[] cells;

    /** Books with room for a number of services; {@link #grow} makes more. */
    public TrafficBooks(int services) {
        cells = new long[length(services)];
    }

    private TrafficBooks(long[] cells) {
        this.cells = cells;
    }

    /** Makes room for services 0 to {@code services} − 1. By the writing thread. */
    public void grow(int services) {
        int wanted = length(services);
        if (wanted > cells.length) {
            CELLS.setRelease(this, Arrays.copyOf(cells, wanted));
        }
    }

    /** Services that there is room for. */
    public int services() {
        return (shared().length - 2 * CacheLines.PADDING_LONGS) / (CLASSES * DIRECTIONS * COLUMNS);
    }

    /** Counts what a descriptor stands for as having come in. */
    public void in(PacketDescriptor packet) {
        add2(row(packet) + IN_PACKETS, packet.packets(), packet.lengthBytes());
    }

    /** Counts what a descriptor stands for as having left. */
    public void out(PacketDescriptor packet) {
        add2(row(packet) + OUT_PACKETS, packet.packets(), packet.lengthBytes());
    }

    public void in(int service, int trafficClass, Direction direction, long packets, long bytes) {
        add2(row(service, trafficClass, direction) + IN_PACKETS, packets, bytes);
    }

    public void out(int service, int trafficClass, Direction direction, long packets, long bytes) {
        add2(row(service, trafficClass, direction) + OUT_PACKETS, packets, bytes);
    }

    /** Changes what is held: positive when packets begin to wait, negative when they stop. */
    public void held(int service, int trafficClass, Direction direction, long packets, long bytes) {
        add2(row(service, trafficClass, direction) + HELD_PACKETS, packets, bytes);
    }

    /**
     * Counts what a descriptor stands for, which is held, as being of its class from now on.
     *
     * @param before the class that it was of
     */
    public void moved(PacketDescriptor held, int before) {
        moved(row(held), held.packets(), held.lengthBytes());
        moved(row(held.service(), before, held.direction()), -held.packets(), -held.lengthBytes());
    }

    private void moved(int row, long packets, long bytes) {
        add2(row + MOVED_PACKETS, packets, bytes);
        add2(row + HELD_PACKETS, packets, bytes);
    }

    /** Counts what a descriptor stands for as having left beyond a guarantee. It has left, too. */
    public void borrowed(PacketDescriptor packet) {
        add2(row(packet) + BORROWED_PACKETS, packet.packets(), packet.lengthBytes());
    }

    /** Counts what a descriptor stands for as marked with CE. It has left, too. */
    public void marked(PacketDescriptor packet) {
        add2(row(packet) + MARKED_PACKETS, packet.packets(), packet.lengthBytes());
    }

    public void dropped(
            int service, int trafficClass, Direction direction, DropReason reason, long packets, long bytes) {
        int row = row(service, trafficClass, direction);
        add(row + DROPPED_PACKETS + reason.ordinal(), packets);
        add(row + DROPPED_BYTES + reason.ordinal(), bytes);
    }

    public long inPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + IN_PACKETS);
    }

    public long inBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + IN_BYTES);
    }

    public long outPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + OUT_PACKETS);
    }

    public long outBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + OUT_BYTES);
    }

    public long heldPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + HELD_PACKETS);
    }

    public long heldBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + HELD_BYTES);
    }

    public long borrowedPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + BORROWED_PACKETS);
    }

    public long borrowedBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + BORROWED_BYTES);
    }

    /** What moved to this class while it was held, less what moved from it to others. */
    public long movedPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + MOVED_PACKETS);
    }

    /** The same in bytes. */
    public long movedBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + MOVED_BYTES);
    }

    public long markedPackets(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + MARKED_PACKETS);
    }

    public long markedBytes(int service, int trafficClass, Direction direction) {
        return get(row(service, trafficClass, direction) + MARKED_BYTES);
    }

    public long droppedPackets(int service, int trafficClass, Direction direction, DropReason reason) {
        return get(row(service, trafficClass, direction) + DROPPED_PACKETS + reason.ordinal());
    }

    public long droppedBytes(int service, int trafficClass, Direction direction, DropReason reason) {
        return get(row(service, trafficClass, direction) + DROPPED_BYTES + reason.ordinal());
    }

    /** The books as they stand. By the writing thread, or when it is quiet, for a consistent whole. */
    public TrafficBooks copy() {
        return new TrafficBooks(cells.clone());
    }

    /** Adds another's cells to these, as for a sum over shards. By the writing thread. */
    public void add(TrafficBooks other) {
        grow(other.services());
        long[] theirs = other.shared();
        for (int i = CacheLines.PADDING_LONGS; i < theirs.length - CacheLines.PADDING_LONGS; i++) {
            add(i, (long) CELL.getOpaque(theirs, i));
        }
    }

    private static int row(PacketDescriptor packet) {
        return row(packet.service(), packet.trafficClass(), packet.isToBackend() ? TO_BACKEND : TO_CLIENT);
    }

    private static int row(int service, int trafficClass, Direction direction) {
        return row(service, trafficClass, direction.ordinal());
    }

    private static int row(int service, int trafficClass, int direction) {
        return CacheLines.PADDING_LONGS + ((service * CLASSES + trafficClass) * DIRECTIONS + direction) * COLUMNS;
    }

    /** Cells for so many services, and an unused stretch at either end: the neighbours in the heap are other writers'. */
    private static int length(int services) {
        return services * CLASSES * DIRECTIONS * COLUMNS + 2 * CacheLines.PADDING_LONGS;
    }

    private void add2(int first, long packets, long bytes) {
        add(first, packets);
        add(first + 1, bytes);
    }

    private void add(int index, long amount) {
        long[] mine = cells;
        if (index >= mine.length - CacheLines.PADDING_LONGS) {
            mine = Arrays.copyOf(mine, index + CLASSES * DIRECTIONS * COLUMNS + CacheLines.PADDING_LONGS);
            CELLS.setRelease(this, mine);
        }
        CELL.setOpaque(mine, index, mine[index] + amount);
    }

    private long get(int index) {
        long[] mine = shared();
        return index < mine.length ? (long) CELL.getOpaque(mine, index) : 0;
    }

    private long[] shared() {
        return (long[]) CELLS.getAcquire(this);
    }

    private static VarHandle cellsHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(TrafficBooks.class, "cells", long[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
