package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Checks a document's records, and writes out each REPEAT as the EVENT and DECISION that it stands for, so that who reads sees
 * what the shard recorded. One thread.
 */
final class DocumentUnpacker implements AutoCloseable {
    /** No document's records were longer before they were packed. */
    private static final int ROOM = JournalLayout.LONGEST_DOCUMENT;

    private final Arena arena = Arena.ofShared();
    private final long room = arena.allocate(ROOM, Long.BYTES).address();

    /** Where the pairs stand that may be repeated: a bit for each word of a document. */
    private final long[] pairs = new long[ROOM / Long.BYTES / Long.SIZE];

    private int records;
    private long begin;
    private long end;

    /**
     * Looks at all records of a document, and unpacks them.
     *
     * @param from the address of the first
     * @param length of all in bytes
     * @return whether all have a sense; if not, {@link #records} says which has none, counted from 0
     */
    boolean unpack(long from, long length) {
        Arrays.fill(pairs, 0);
        records = 0;
        boolean isPacked = false;
        long until = from + length;
        long unpacked = length;
        long at = from;
        while (at < until) {
            int pair = RecordChecks.pairLength(at, until - at);
            if (pair > 0) {
                if (at - from < ROOM && DocumentPacker.hasRoom(at)) {
                    remember((int) (at - from) / Long.BYTES);
                }
                records += 2;
                at += pair;
                continue;
            }
            int bytes = RecordChecks.length(at, until - at);
            if (bytes == 0) {
                return false;
            }
            if (Records.typeNumber(at) == RecordType.REPEAT.ordinal()) {
                int word = Records.repeatedWord(at);
                if (!mayBeRepeated(word)) {
                    return false;
                }
                isPacked = true;
                unpacked += (long) Records.times(at) * pairBytes(from + (long) word * Long.BYTES) - bytes;
                if (unpacked > ROOM) {
                    return false;
                }
            } else if (at - from < ROOM && DocumentPacker.isPair(at, bytes, until - at)) {
                remember((int) (at - from) / Long.BYTES);
            }
            records += Records.count(at);
            at += bytes;
        }
        begin = from;
        end = until;
        if (isPacked) {
            end = room + writeOut(from, length);
            begin = room;
        }
        return true;
    }

    private long writeOut(long from, long length) {
        long read = 0;
        long copied = 0;
        long to = room;
        while (read < length) {
            long at = from + read;
            int bytes = Records.length(at);
            if (Records.typeNumber(at) == RecordType.REPEAT.ordinal()) {
                Memory.copy(from + copied, to, read - copied);
                to += read - copied;
                long pair = from + (long) Records.repeatedWord(at) * Long.BYTES;
                int pairBytes = pairBytes(pair);
                for (int times = Records.times(at); times > 0; times--) {
                    Memory.copy(pair, to, pairBytes);
                    Records.changed(at, to);
                    to += pairBytes;
                }
                copied = read + bytes;
            }
            read += bytes;
        }
        Memory.copy(from + copied, to, length - copied);
        return to + length - copied - room;
    }

    private void remember(int word) {
        pairs[word / Long.SIZE] |= 1L << word;
    }

    private boolean mayBeRepeated(int word) {
        return (pairs[word / Long.SIZE] & 1L << word) != 0;
    }

    private static int pairBytes(long event) {
        return Records.length(event) + JournalLayout.DECISION_RELEASE_NS;
    }

    /** How many records there are; when one has no sense, how many stand before it. */
    int records() {
        return records;
    }

    /** The address of the first record, unpacked; valid until the next document, or until its file is closed. */
    long begin() {
        return begin;
    }

    /** The address after the last record, unpacked. */
    long end() {
        return end;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
