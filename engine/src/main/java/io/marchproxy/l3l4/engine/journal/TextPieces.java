package io.marchproxy.l3l4.engine.journal;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * What TEXT records of a shard stand for, put into words and handed on in pieces, a document of a few at a time: other shards
 * have their turns between them. What was said last is kept, since a checkpoint says it again and again. Writing thread.
 */
final class TextPieces {
    private static final int PIECES = 4;

    private final long document;
    private RecordType type = RecordType.SESSION;
    private @Nullable Record said;
    private @Nullable JsonText text;
    private int offset;
    private int count;
    private boolean isUnderWay;

    TextPieces(Arena arena) {
        document =
                arena.allocate((long) PIECES * JournalLayout.LONGEST_RECORD, 64).address();
    }

    /** Puts a record into words, that {@link #next} hands on. */
    void begin(RecordType as, Record value) {
        if (!isSaid(value)) {
            text = new JsonText(value);
            said = value;
        }
        type = as;
        offset = 0;
        isUnderWay = true;
    }

    /** Whether it is the very record, since to compare two takes as long as to put one into words. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isSaid(Record value) {
        return value == said;
    }

    /** Whether there is more to be handed on. */
    boolean isUnderWay() {
        return isUnderWay;
    }

    /** What is handed on. */
    RecordType type() {
        return type;
    }

    /** Bytes of the whole text. */
    int length() {
        JsonText whole = text;
        return whole == null ? 0 : whole.length();
    }

    /** Makes records of the next pieces; answers how many bytes they take at {@link #address}. */
    int next() {
        JsonText whole = text;
        if (whole == null) {
            throw new IllegalStateException("nothing was put into words");
        }
        int length = 0;
        count = 0;
        while (offset < whole.length() && count < PIECES) {
            length += whole.piece(document + length, type, offset);
            offset += JsonText.PIECE;
            count++;
        }
        isUnderWay = offset < whole.length();
        return length;
    }

    /** Where {@link #next} wrote. */
    long address() {
        return document;
    }

    /** How many records it wrote. */
    int count() {
        return count;
    }
}
