package io.marchproxy.l3l4.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/** Settings as JSON, off heap, so that a piece of it is recorded by one copy. */
final class JsonText {
    /** Bytes of text in a record at the most. */
    static final int PIECE = JournalLayout.LONGEST_RECORD - JournalLayout.PIECE_BYTES;

    private final MemorySegment text;

    JsonText(Record value) {
        byte[] bytes = RecordJson.write(value);
        text = Arena.ofAuto().allocate(bytes.length, Long.BYTES);
        MemorySegment.copy(bytes, 0, text, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    int length() {
        return (int) text.byteSize();
    }

    /** Writes the record of the piece that begins at an offset; gives the record's length. */
    int piece(long at, RecordType type, int offset) {
        try {
            return RecordEncoder.piece(at, type, text.address(), length(), offset, Math.min(PIECE, length() - offset));
        } finally {
            // Its memory goes with it.
            Reference.reachabilityFence(text);
        }
    }
}
