package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.RecordEncoder;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Records of what came of one event, to be compared one after the other. Grows with the event that ends the most flows. */
final class Outcomes {
    private static final long FIRST_ROOM = 64 << 10;

    private MemorySegment memory = Arena.ofAuto().allocate(FIRST_ROOM, Long.BYTES);
    private long address = memory.address();
    private long filled;
    private long read;

    void clear() {
        filled = 0;
        read = 0;
    }

    /** Where the next record is to be written. */
    long room() {
        if (filled + RecordEncoder.LONGEST > memory.byteSize()) {
            MemorySegment more = Arena.ofAuto().allocate(2 * memory.byteSize(), Long.BYTES);
            MemorySegment.copy(memory, 0, more, 0, filled);
            memory = more;
            address = more.address();
        }
        return address + filled;
    }

    void added(int length) {
        filled += length;
    }

    /** Whether all were compared. */
    boolean isExhausted() {
        return read == filled;
    }

    /** The next one's address; 0 when there is none. */
    long next() {
        return isExhausted() ? 0 : address + read;
    }

    /** Whether the next one is the same, byte by byte, as a recorded one; then it is done with. */
    boolean matches(long recorded) {
        if (isExhausted()) {
            return false;
        }
        long mine = address + read;
        int length = Records.length(mine);
        if (Records.length(recorded) != length) {
            return false;
        }
        for (int i = 0; i < length; i += Long.BYTES) {
            if (Memory.getLong(mine + i) != Memory.getLong(recorded + i)) {
                return false;
            }
        }
        read += length;
        return true;
    }
}
