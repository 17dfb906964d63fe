package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.util.Arrays;

/**
 * Makes a document's records shorter: datagrams of a flow differ in their time and length alone, and so do the decisions about
 * them, so an EVENT and its DECISION that say what an earlier pair of the document said become a REPEAT of that (as RFC 1144
 * sends of a header what changed), and datagrams of one train become one REPEAT. A document needs no other to be read.
 * {@link DocumentUnpacker} is the way back. One thread; allocates nothing.
 */
final class DocumentPacker {
    /** Pairs that are remembered, by flow and direction; of two that fall on one place, the later. */
    private static final int PLACES = 4096;

    private static final int HALF = 16;
    private static final int OFFSET_MASK = (1 << HALF) - 1;

    private static final long TYPE_AND_KIND = 0xff_00ffL;
    private static final long DATA_EVENT =
            RecordType.EVENT.ordinal() | ((long) EventKind.DATA.ordinal() << (JournalLayout.EVENT_KIND * Byte.SIZE));
    private static final long TYPE_AND_WORDS = 0xffffL;
    private static final long SHORT_DECISION = RecordType.DECISION.ordinal()
            | ((JournalLayout.DECISION_RELEASE_NS / Long.BYTES) << (JournalLayout.WORDS * Byte.SIZE));

    /** Bits of a length and of a number of packets for which a REPEAT has no room. */
    private static final long TOO_LARGE = ~0xff_0000_ffffL;

    /** The document's number, and in 8-byte words where the pair stands among the records and where it stands packed. */
    private final long[] pairs = new long[PLACES];

    private int document;

    /**
     * Packs records.
     *
     * @param from their address; whole ones, of at most {@link JournalLayout#LONGEST_DOCUMENT} bytes with the header
     * @param length in bytes
     * @param to where there is room for as much
     * @return how many bytes they take there
     */
    int pack(long from, int length, long to) {
        beginDocument();
        int read = 0;
        int copied = 0;
        int packed = 0;
        long repeat = 0;
        while (read < length) {
            int bytes = Records.length(from + read);
            if (!isPair(from + read, bytes, length - read)) {
                read += bytes;
                continue;
            }
            int place = place(from + read, bytes);
            long last = pairs[place];
            if (last >>> (2 * HALF) == document
                    && isRepeated(from + ((last >>> HALF) & OFFSET_MASK) * Long.BYTES, from + read, bytes)) {
                int word = (int) last & OFFSET_MASK;
                if (read > copied || !saysOnceMore(repeat, word, from + read)) {
                    Memory.copy(from + copied, to + packed, read - copied);
                    packed += read - copied;
                    repeat = to + packed;
                    packed += RecordEncoder.repeat(repeat, word, from + read);
                }
                read += bytes + JournalLayout.DECISION_RELEASE_NS;
                copied = read;
            } else {
                int packedAt = packed + read - copied;
                pairs[place] = ((long) document << (2 * HALF))
                        | ((long) (read / Long.BYTES) << HALF)
                        | (packedAt / Long.BYTES);
                read += bytes + JournalLayout.DECISION_RELEASE_NS;
            }
        }
        Memory.copy(from + copied, to + packed, length - copied);
        return packed + length - copied;
    }

    private void beginDocument() {
        document++;
        if (document < 0) {
            Arrays.fill(pairs, 0);
            document = 1;
        }
    }

    /** Whether there is an EVENT of the kind DATA that a REPEAT has room for, and behind it a DECISION without extras. */
    static boolean isPair(long event, int bytes, long left) {
        return (Memory.getLong(event) & TYPE_AND_KIND) == DATA_EVENT
                && (Memory.getLong(event + JournalLayout.EVENT_LENGTH_BYTES) & TOO_LARGE) == 0
                && left >= bytes + JournalLayout.DECISION_RELEASE_NS
                && (Memory.getLong(event + bytes) & TYPE_AND_WORDS) == SHORT_DECISION;
    }

    /** Whether the last REPEAT, with nothing behind it, says this as well; then it says so. */
    private static boolean saysOnceMore(long repeat, int word, long event) {
        if (repeat == 0
                || Records.repeatedWord(repeat) != word
                || Records.times(repeat) == JournalLayout.MOST_TIMES
                || !Records.isSameAs(repeat, event)) {
            return false;
        }
        Memory.putByte(repeat + JournalLayout.REPEAT_TIMES, (byte) (Records.times(repeat) + 1));
        return true;
    }

    private static int place(long event, int bytes) {
        int hash = Memory.getInt(event + bytes + JournalLayout.DECISION_FLOW_HASH);
        int form = Memory.getByte(event + JournalLayout.EVENT_FORM);
        return ((hash << 1) | (form & JournalLayout.FORM_TO_CLIENT)) & (PLACES - 1);
    }

    /** Whether two pairs say the same but for time, length and packets; the first one's EVENT is as long as it says. */
    private static boolean isRepeated(long earlier, long pair, int bytes) {
        int end = bytes + JournalLayout.DECISION_RELEASE_NS;
        for (int i = 0; i < end; i += Long.BYTES) {
            if (Memory.getLong(earlier + i) != Memory.getLong(pair + i)
                    && i != JournalLayout.EVENT_ARRIVAL_NS
                    && i != JournalLayout.EVENT_LENGTH_BYTES) {
                return false;
            }
        }
        return true;
    }
}
