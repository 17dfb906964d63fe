package io.marchproxy.l3l4.engine.journal;

/** What a record is. The numbers are the journal's: only append. */
public enum RecordType {
    /** Nothing; fills the end of a ring, never written to a file. */
    PAD,
    /** How the shard was built, with its first settings. */
    SESSION,
    /** The settings of the CONFIG event that follows. */
    SETTINGS,
    /** An event came in. */
    EVENT,
    /** What was decided about it. */
    DECISION,
    /** What was decided about a packet that had waited. */
    RELEASE,
    /** The pipeline ended a flow by itself. */
    FLOW_END,
    /** A flow's begin, state or end, in the mode {@code flows}. */
    FLOW,
    /** Records are missing. */
    GAP,
    /** The service ended as it should. */
    END,
    /** The first bytes of a datagram or IP packet of the event that follows. */
    SNAP,
    /** A checkpoint begins: the state before the event that follows. */
    CHECKPOINT,
    /** A piece of the stages' state as of the checkpoint. */
    STATE,
    /** A piece of the flow table as of the checkpoint. */
    SLOTS,
    /** The checkpoint is complete. */
    CHECKPOINT_END,
    /** An event and its decision, as others in its document. Those who read see the two. */
    REPEAT,
    /** In a ring: a SESSION, SETTINGS or CHECKPOINT that the reading thread is to put into words; never written to a file. */
    TEXT;

    private static final RecordType[] VALUES = values();

    /** Whether the number is one of a record's type. */
    static boolean isOne(int ordinal) {
        return ordinal > PAD.ordinal() && ordinal < VALUES.length;
    }

    /** The type with this ordinal, without the copy that {@code values()} makes. */
    static RecordType of(int ordinal) {
        return VALUES[ordinal];
    }
}
