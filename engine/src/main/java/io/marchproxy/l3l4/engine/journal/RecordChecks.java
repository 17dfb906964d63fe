package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.engine.flow.SlotCopier;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/**
 * Whether a record can be what it says, before anybody takes it for that: its length fits its type, and numbers that stand for
 * something stand for something. A checksum finds bytes that changed; this finds what was never a record of ours.
 */
final class RecordChecks {
    private static final int KINDS = EventKind.values().length;
    private static final int VERDICTS = Verdict.values().length;
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = Direction.values().length;
    private static final int ENDS = FlowEnd.values().length;
    private static final int PHASES = FlowPhase.values().length;
    private static final int CAUSES = GapCause.values().length;
    private static final int DECISION_SHORT = JournalLayout.DECISION_RELEASE_NS;
    private static final int DECISION_LONG = DECISION_SHORT + JournalLayout.EXTRAS;
    private static final int RELEASE = JournalLayout.RELEASE_PACKETS + Integer.BYTES;
    private static final int FLOW_END = JournalLayout.END_TIME_NS + Long.BYTES;
    private static final int FLOW = JournalLayout.FLOW_ENTRY + FlowLayout.SIZE;
    private static final int GAP = JournalLayout.GAP_RECORDS + Long.BYTES;
    private static final int END = JournalLayout.SESSION_END_TIME_NS + Long.BYTES;
    private static final int CHECKPOINT_END = JournalLayout.CHECKPOINT_SLOTS + Long.BYTES;

    private static final int NARROW_EVENT = JournalLayout.EVENT_ADDRESSES + JournalLayout.NARROW_ADDRESSES;
    private static final int WIDE_EVENT = JournalLayout.EVENT_ADDRESSES + JournalLayout.WIDE_ADDRESSES;
    private static final int NARROW_PAIR = NARROW_EVENT + DECISION_SHORT;

    /** Bits of a record's first word. */
    private static final long FORM_WIDE = (long) JournalLayout.FORM_WIDE << (JournalLayout.EVENT_FORM * Byte.SIZE);

    private static final long PLAIN_HEAD = 0xffff;
    private static final long PLAIN =
            0xff_ffffL | (long) JournalLayout.FORM_EXTRAS << (JournalLayout.EVENT_FORM * Byte.SIZE);
    private static final long PLAIN_EVENT =
            RecordType.EVENT.ordinal() | (long) EventKind.DATA.ordinal() << (JournalLayout.EVENT_KIND * Byte.SIZE);
    private static final long PLAIN_DECISION =
            RecordType.DECISION.ordinal() | (long) (DECISION_SHORT / Long.BYTES) << (JournalLayout.WORDS * Byte.SIZE);

    /** Settings are smaller by far. */
    private static final int MOST_JSON = 64 << 20;

    private RecordChecks() {}

    /**
     * Whether there is a record.
     *
     * @param room bytes that the document still has
     * @return its length in bytes; 0 when it has no sense
     */
    static int length(long at, long room) {
        if (room < Long.BYTES) {
            return 0;
        }
        int length = Records.length(at);
        if (length < Long.BYTES || length > room || length % Long.BYTES != 0) {
            return 0;
        }
        int type = Records.typeNumber(at);
        return RecordType.isOne(type) && isSound(RecordType.of(type), at, length) ? length : 0;
    }

    /**
     * Whether there is an EVENT of the kind DATA without extras, and behind it a DECISION without: what nearly all records are.
     *
     * @param room bytes that the document still has
     * @return the length of both in bytes; 0 when there is something else, or what has no sense
     */
    static int pairLength(long at, long room) {
        if (room < NARROW_PAIR) {
            return 0;
        }
        long head = Memory.getLong(at);
        boolean isWide = (head & FORM_WIDE) != 0;
        int event = isWide ? WIDE_EVENT : NARROW_EVENT;
        if ((head & PLAIN) != (PLAIN_EVENT | (long) (event / Long.BYTES) << (JournalLayout.WORDS * Byte.SIZE))
                || room < event + DECISION_SHORT) {
            return 0;
        }
        long decision = at + event;
        return (Memory.getLong(decision) & PLAIN_HEAD) == PLAIN_DECISION && isDecided(decision)
                ? event + DECISION_SHORT
                : 0;
    }

    private static boolean isSound(RecordType type, long at, int length) {
        return switch (type) {
            case EVENT -> isEvent(at, length);
            case DECISION -> (length == DECISION_SHORT || length == DECISION_LONG) && isDecided(at);
            case RELEASE ->
                length == RELEASE && isDecided(at) && number(at, JournalLayout.RELEASE_DIRECTION) < DIRECTIONS;
            case FLOW_END -> length == FLOW_END && number(at, JournalLayout.END_REASON) < ENDS;
            case FLOW -> length == FLOW && isFlow(at);
            case GAP -> length == GAP && number(at, JournalLayout.GAP_CAUSE) < CAUSES;
            case END -> length == END;
            case SESSION, SETTINGS, CHECKPOINT -> isPiece(at, length);
            case STATE -> length >= JournalLayout.STATE_NUMBERS && isState(at, length);
            case SLOTS -> length >= JournalLayout.SLOTS_ENTRIES && isSlots(at, length);
            case CHECKPOINT_END -> length == CHECKPOINT_END;
            case SNAP -> length >= JournalLayout.SNAP_BYTES && isSnap(at, length);
            case REPEAT -> length == JournalLayout.REPEAT_LENGTH && number(at, JournalLayout.REPEAT_TIMES) > 0;
            case PAD, TEXT -> false;
        };
    }

    private static boolean isEvent(long at, int length) {
        int form = number(at, JournalLayout.EVENT_FORM);
        int expected = JournalLayout.EVENT_ADDRESSES
                + ((form & JournalLayout.FORM_WIDE) != 0
                        ? JournalLayout.WIDE_ADDRESSES
                        : JournalLayout.NARROW_ADDRESSES)
                + ((form & JournalLayout.FORM_EXTRAS) != 0 ? JournalLayout.EXTRAS : 0)
                + (number(at, JournalLayout.EVENT_KIND) == EventKind.RESTORE.ordinal()
                        ? FlowLayout.REMEMBERED_SIZE
                        : 0);
        return length == expected && number(at, JournalLayout.EVENT_KIND) < KINDS;
    }

    private static boolean isDecided(long at) {
        int verdict = number(at, JournalLayout.DECISION_VERDICT);
        return (verdict & JournalLayout.VERDICT_MASK) < VERDICTS
                && verdict >> JournalLayout.CLASS_SHIFT < CLASSES
                && number(at, JournalLayout.DECISION_DROP) < DropReason.count();
    }

    private static boolean isFlow(long at) {
        int reason = number(at, JournalLayout.FLOW_REASON);
        int phase = number(at, JournalLayout.FLOW_PHASE);
        return phase < PHASES && (phase == FlowPhase.END.ordinal() ? reason < ENDS : reason == FlowPhase.NO_REASON);
    }

    private static boolean isPiece(long at, int length) {
        if (length < JournalLayout.PIECE_BYTES) {
            return false;
        }
        int offset = Memory.getInt(at + JournalLayout.PIECE_OFFSET);
        int total = Memory.getInt(at + JournalLayout.PIECE_TOTAL);
        return offset >= 0 && offset < total && total <= MOST_JSON;
    }

    private static boolean isState(long at, int length) {
        int count = Memory.getInt(at + JournalLayout.STATE_COUNT);
        return length - JournalLayout.STATE_NUMBERS == (long) count * Long.BYTES;
    }

    private static boolean isSnap(long at, int length) {
        int captured = Short.toUnsignedInt(Memory.getShort(at + JournalLayout.SNAP_CAPTURED));
        return length == ((JournalLayout.SNAP_BYTES + captured + 7) & -8);
    }

    private static boolean isSlots(long at, int length) {
        int count = Memory.getInt(at + JournalLayout.SLOTS_COUNT);
        long inUse = Memory.getLong(at + JournalLayout.SLOTS_IN_USE);
        if (count < 0 || count > SlotCopier.MOST || inUse >>> count != 0) {
            return false;
        }
        int used = Long.bitCount(inUse);
        return length
                == JournalLayout.SLOTS_ENTRIES + used * FlowLayout.SIZE + (count - used) * JournalLayout.FREE_SLOT;
    }

    private static int number(long at, int field) {
        return Byte.toUnsignedInt(Memory.getByte(at + field));
    }
}
