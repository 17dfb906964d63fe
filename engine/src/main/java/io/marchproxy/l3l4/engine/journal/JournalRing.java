package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Bytes between a shard's pipeline and the thread that writes the journal: one writes, one reads, neither waits. So a disk
 * that stalls (a quarter of a second was seen) never stalls a packet.
 *
 * <p>Records stand whole: where one does not fit before the end, a PAD fills it. Each side keeps what it last saw of the
 * other's position, and looks again only when that does not suffice (Lamport's queue, 1977; the cached positions are from
 * Lee et al., "A Lock-Free, Cache-Efficient Shared Ring Buffer", 2010).
 */
public final class JournalRing {
    /** What a shard has between itself and the thread that writes its journal, or its flow state: some 58,000 records, or 55,000 flows. */
    public static final int SHARD_BYTES = 8 << 20;

    private static final VarHandle POSITION = MethodHandles.arrayElementVarHandle(long[].class);

    /** Places in the array that are a pair of cache lines away from one another and from its header. */
    private static final int WRITTEN = 16;

    private static final int READ = 32;

    /** What TEXT records stand for, in their order. */
    private final Queue<Record> texts = new ConcurrentLinkedQueue<>();

    private final long[] positions = new long[48];
    private final long address;
    private final long capacity;
    private long writer;
    private long readSeen;
    private long found;
    private long foundEnd;
    private boolean foundAll;

    /**
     * An empty ring.
     *
     * @param bytes a power of two, at least twice the longest record
     */
    public JournalRing(Arena arena, long bytes) {
        if (Long.bitCount(bytes) != 1 || bytes < 2L * JournalLayout.LONGEST_RECORD) {
            throw new IllegalArgumentException("a ring of " + bytes + " bytes");
        }
        address = arena.allocate(bytes, 64).address();
        capacity = bytes;
    }

    /** Where the next record may be written, with room for {@code most} bytes; 0 when there is none. Writing thread. */
    public long claim(int most) {
        long offset = writer & (capacity - 1);
        long toEnd = capacity - offset;
        long need = toEnd < most ? toEnd + most : most;
        if (writer + need - readSeen > capacity) {
            readSeen = (long) POSITION.getAcquire(positions, READ);
            if (writer + need - readSeen > capacity) {
                return 0;
            }
        }
        if (toEnd < most) {
            RecordEncoder.pad(address + offset, toEnd);
            writer += toEnd;
            return address;
        }
        return address + offset;
    }

    /** Hands over the record of {@code length} bytes that stands where {@link #claim} said. Writing thread. */
    public void publish(int length) {
        writer += length;
        POSITION.setRelease(positions, WRITTEN, writer);
    }

    /** Hands over a TEXT record that stands where {@link #claim} said, and what it stands for. Writing thread. */
    void publish(int length, Record value) {
        texts.add(value);
        publish(length);
    }

    /** Whether at least half of the ring is free. Writing thread. */
    public boolean hasDrained() {
        readSeen = (long) POSITION.getAcquire(positions, READ);
        return writer - readSeen <= capacity / 2;
    }

    /** Bytes that wait. Any thread; approximate but for the reading one. */
    public long waiting() {
        return (long) POSITION.getAcquire(positions, WRITTEN) - (long) POSITION.getAcquire(positions, READ);
    }

    /** How many bytes it holds. */
    public long capacity() {
        return capacity;
    }

    /**
     * Looks for whole records that stand behind one another, as many as fit; a TEXT comes alone, a REPEAT with its pair. They stay where
     * {@link #found} says until {@link #release}.
     *
     * @param room bytes, with each REPEAT written out: at least the longest record's, and those of a pair and the longest REPEAT of it
     * @param count element 0 becomes the number of records, those that a REPEAT stands for included
     * @return their bytes; 0 when nothing waits. Reading thread
     */
    public int find(int room, int[] count) {
        long until = (long) POSITION.getAcquire(positions, WRITTEN);
        long position = (long) POSITION.getOpaque(positions, READ);
        if (position < until && isPad(at(position))) {
            position += Records.length(at(position));
        }
        found = at(position);
        long most = Math.min(until - position, address + capacity - found);
        int length = 0;
        int writtenOut = 0;
        int records = 0;
        int lastEvent = 0;
        int beforeUnit = 0;
        int recordsBefore = 0;
        foundAll = true;
        while (length < most && !isPad(found + length)) {
            long at = found + length;
            int type = Records.typeNumber(at);
            int next = Records.length(at);
            boolean isRepeat = type == RecordType.REPEAT.ordinal();
            int needed = isRepeat ? Records.times(at) * (length - lastEvent) : next;
            if (!isRepeat && type != RecordType.DECISION.ordinal()) {
                beforeUnit = length;
                recordsBefore = records;
            }
            boolean isText = type == RecordType.TEXT.ordinal();
            if (writtenOut + needed > room || (isText && records > 0)) {
                foundAll = false;
                length = beforeUnit;
                records = recordsBefore;
                break;
            }
            if (type == RecordType.EVENT.ordinal()) {
                lastEvent = length;
            }
            length += next;
            writtenOut += needed;
            records += Records.count(at);
            if (isText) {
                break;
            }
        }
        foundEnd = position + length;
        count[0] = records;
        return length;
    }

    /** Whether {@link #find} found all that there was room for, up to the ring's end: more would not have been found in more room. Reading thread. */
    boolean hasFoundAll() {
        return foundAll;
    }

    /** The address of what {@link #find} found. Reading thread. */
    public long found() {
        return found;
    }

    /** What the TEXT stands for that {@link #find} found; once. Reading thread. */
    Record text() {
        return texts.remove();
    }

    /** Gives back the room of what was found. Reading thread. */
    public void release() {
        POSITION.setRelease(positions, READ, foundEnd);
    }

    private long at(long position) {
        return address + (position & (capacity - 1));
    }

    private static boolean isPad(long record) {
        return Memory.getByte(record) == RecordType.PAD.ordinal();
    }
}
