package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.util.Arrays;

/**
 * Makes a document's records shorter: datagrams of a flow differ in their time and length alone, and so do the decisions about
 * them, so an EVENT and its DECISION that say what an earlier pair of the document said become a REPEAT of that (as RFC 1144
 * sends of a header what changed), and datagrams of one train become one REPEAT, if the shard has not made that of them already
 * ({@link Train}). A document needs no other to be read.
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

    /** Of the document at hand: where its records stand, up to where they are packed, and where the next go. */
    private long origin;

    private long copied;
    private long to;
    private long packed;

    /** The last REPEAT, if nothing stands behind it; else 0. */
    private long repeat;

    /**
     * Packs records.
     *
     * @param from their address; whole ones, of at most {@link JournalLayout#LONGEST_DOCUMENT} bytes with the header and with
     *     each REPEAT written out; one stands behind its pair, and its place is not yet said
     * @param length in bytes
     * @param into where there is room for as much
     * @return how many bytes they take there
     */
    int pack(long from, int length, long into) {
        beginDocument();
        origin = from;
        to = into;
        packed = into;
        copied = from;
        repeat = 0;
        long end = from + length;
        long at = from;
        while (at < end) {
            int bytes = Records.length(at);
            at = isPair(at, bytes, end - at) ? pair(at, bytes, end) : at + bytes;
        }
        copyUntil(end);
        return (int) (packed - into);
    }

    /** Packs a pair and a REPEAT that stands behind it; answers the address of what follows. */
    private long pair(long event, int bytes, long end) {
        long behind = event + bytes + JournalLayout.DECISION_RELEASE_NS;
        boolean isTrain = behind < end && Records.typeNumber(behind) == RecordType.REPEAT.ordinal();
        int times = isTrain ? Records.times(behind) : 0;
        int place = place(event, bytes);
        long last = pairs[place];
        boolean isKnown = last >>> (2 * HALF) == document
                && isRepeated(origin + ((last >>> HALF) & OFFSET_MASK) * Long.BYTES, event, bytes);
        if (isKnown) {
            repeat((int) last & OFFSET_MASK, event, event, 1 + times);
        } else {
            int word = (int) ((packed - to + (event - copied)) / Long.BYTES);
            pairs[place] = ((long) document << (2 * HALF)) | (((event - origin) / Long.BYTES) << HALF) | word;
            if (isTrain) {
                repeat(word, event, behind, times);
            }
        }
        long next = isTrain ? behind + JournalLayout.REPEAT_LENGTH : behind;
        if (isKnown || isTrain) {
            copied = next;
        }
        return next;
    }

    /** Copies what stands before an address and has not been packed, and says behind it so many times what a pair says. */
    private void repeat(int word, long event, long before, int times) {
        copyUntil(before);
        int left = times;
        if (repeat != 0 && Records.repeatedWord(repeat) == word && Records.isSameAs(repeat, event)) {
            int more = Math.min(left, JournalLayout.MOST_TIMES - Records.times(repeat));
            Memory.putByte(repeat + JournalLayout.REPEAT_TIMES, (byte) (Records.times(repeat) + more));
            left -= more;
        }
        while (left > 0) {
            int more = Math.min(left, JournalLayout.MOST_TIMES);
            repeat = packed;
            packed += RecordEncoder.repeat(repeat, word, event, more);
            left -= more;
        }
    }

    private void copyUntil(long end) {
        if (end > copied) {
            Memory.copy(copied, packed, end - copied);
            packed += end - copied;
            copied = end;
            repeat = 0;
        }
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
                && hasRoom(event)
                && left >= bytes + JournalLayout.DECISION_RELEASE_NS
                && (Memory.getLong(event + bytes) & TYPE_AND_WORDS) == SHORT_DECISION;
    }

    /** Whether an EVENT's length and packets are such that a REPEAT has room for them. */
    static boolean hasRoom(long event) {
        return (Memory.getLong(event + JournalLayout.EVENT_LENGTH_BYTES) & TOO_LARGE) == 0;
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
