package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.transport.BufferRing;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap buffers that datagrams stand in from socket to socket: many short ones and a few long ones, all made at the
 * start. The one given back last is taken first, so that light traffic stays within the cache.
 *
 * <p>Buffers that io_uring received into are lent to descriptors as well; they are told by their address and go back to the
 * kernel.
 *
 * <p>The event loop takes buffers and gives back those that got no further. Whoever sends or drops packets releases them,
 * which in pipelined placement is another thread: its releases pass a queue of single producer and single consumer.
 */
final class PacketBuffers implements AutoCloseable {
    /** Size of a short buffer: any datagram of an Ethernet frame. */
    static final int SLOT_BYTES = 2048;

    /** Size of a long buffer: any datagram at all. */
    static final int JUMBO_BYTES = 1 << 16;

    /** Datagrams that the kernel merges into one buffer at the most (UDP_MAX_SEGMENTS, 64 before Linux 6.10). */
    private static final int MOST_MERGED = 128;

    /** Answer when none is free. */
    static final long NONE = 0;

    private final AnonymousMemory memory;
    private final long slotsBegin;
    private final long slotsEnd;
    private final Stack slots;
    private final Stack jumbos;
    private final @Nullable ReturnQueue returns;
    private final @Nullable BufferRing lent;

    /**
     * Makes the buffers.
     *
     * @param isReleasedElsewhere whether another thread than the event loop's releases buffers
     */
    PacketBuffers(int slotCount, int jumboCount, boolean isReleasedElsewhere) {
        this(slotCount, jumboCount, isReleasedElsewhere, null);
    }

    /**
     * Makes the buffers.
     *
     * @param lent buffers of io_uring that are released here as well, or null
     */
    PacketBuffers(int slotCount, int jumboCount, boolean isReleasedElsewhere, @Nullable BufferRing lent) {
        this.lent = lent;
        int lentCount = lent == null ? 0 : lent.size() * MOST_MERGED;
        long slotsBytes = (long) slotCount * SLOT_BYTES;
        memory = new AnonymousMemory(slotsBytes + (long) jumboCount * JUMBO_BYTES);
        slotsBegin = memory.address();
        slotsEnd = slotsBegin + slotsBytes;
        slots = new Stack(slotsBegin, slotCount, SLOT_BYTES);
        jumbos = new Stack(slotsEnd, jumboCount, JUMBO_BYTES);
        returns = isReleasedElsewhere ? new ReturnQueue(slotCount + jumboCount + lentCount) : null;
    }

    /** Takes a short buffer, or {@link #NONE}. Loop's thread. */
    long takeSlot() {
        if (slots.count == 0) {
            collect();
        }
        return slots.pop();
    }

    /** Takes a long buffer, or {@link #NONE}. Loop's thread. */
    long takeJumbo() {
        if (jumbos.count == 0) {
            collect();
        }
        return jumbos.pop();
    }

    /** Gives a buffer back. Loop's thread. */
    void giveBack(long buffer) {
        if (buffer >= slotsBegin && buffer < slotsEnd) {
            slots.push(buffer);
        } else if (lent != null && lent.owns(buffer)) {
            lent.release(buffer);
        } else {
            jumbos.push(buffer);
        }
    }

    /** Gives a buffer back. Egress thread. */
    void release(long buffer) {
        ReturnQueue queue = returns;
        if (queue == null) {
            giveBack(buffer);
        } else {
            queue.add(buffer);
        }
    }

    /** Short buffers that are free. Loop's thread. */
    int freeSlots() {
        collect();
        return slots.count;
    }

    /** Long buffers that are free. Loop's thread. */
    int freeJumbos() {
        collect();
        return jumbos.count;
    }

    /** Buffers of io_uring that are out. Loop's thread. */
    int lentOut() {
        collect();
        return lent == null ? 0 : lent.size() - lent.inPlace();
    }

    /** Frees all buffers, used or not. */
    @Override
    public void close() {
        memory.close();
    }

    /** Takes back what another thread has released. Loop's thread. */
    void collect() {
        ReturnQueue queue = returns;
        if (queue != null) {
            for (long buffer = queue.poll(); buffer != NONE; buffer = queue.poll()) {
                giveBack(buffer);
            }
        }
    }

    private static final class Stack {
        private final long[] free;
        private int count;

        Stack(long begin, int size, int bufferBytes) {
            free = new long[size];
            count = size;
            for (int i = 0; i < size; i++) {
                free[i] = begin + (long) (size - 1 - i) * bufferBytes;
            }
        }

        long pop() {
            return count == 0 ? NONE : free[--count];
        }

        void push(long buffer) {
            free[count++] = buffer;
        }
    }

    /** Has room for all buffers there are, so adding never fails. Nothing in this object is written after it was made. */
    private static final class ReturnQueue {
        private final long[] ring;
        private final int mask;
        private final Cursor added = new Cursor();
        private final Cursor taken = new Cursor();

        ReturnQueue(int capacity) {
            int size = Integer.highestOneBit(Math.max(1, capacity - 1)) << 1;
            ring = new long[size];
            mask = size - 1;
        }

        /** The release makes the element, and all that the sender read of the buffer, happen before the buffer's reuse. */
        void add(long buffer) {
            long at = added.own();
            ring[(int) at & mask] = buffer;
            added.set(at + 1);
        }

        long poll() {
            long at = taken.own();
            if (at == added.get()) {
                return NONE;
            }
            long buffer = ring[(int) at & mask];
            taken.set(at + 1);
            return buffer;
        }
    }

    /** How far one of the two threads has got. */
    private static final class Cursor extends SingleWriter {
        private static final VarHandle VALUE;

        static {
            try {
                VALUE = MethodHandles.lookup().findVarHandle(Cursor.class, "value", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        @SuppressWarnings("unused") // by VarHandle
        private long value;

        /** The writer's own view. */
        long own() {
            return (long) VALUE.getOpaque(this);
        }

        long get() {
            return (long) VALUE.getAcquire(this);
        }

        void set(long to) {
            VALUE.setRelease(this, to);
        }
    }
}
