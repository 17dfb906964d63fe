package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/**
 * Writes records at an address, as {@link JournalLayout} places them; each method answers the record's length in bytes. The
 * service records with these, and a replay compares bytes that these have made, so the two cannot disagree about a field.
 */
public final class RecordEncoder {
    /** Room for any record but a piece of JSON. */
    public static final int LONGEST = JournalLayout.FLOW_ENTRY + FlowLayout.SIZE;

    private static final int FIRST_WORD = 0;

    private RecordEncoder() {}

    /** What came in. */
    public static int event(long at, PacketDescriptor event) {
        long from = event.address();
        boolean toClient = event.direction() == Direction.TO_CLIENT;
        long source = event.sourceLow();
        long destination = event.destinationLow();
        boolean wide = (event.sourceHigh() | event.destinationHigh() | (source | destination) >>> 32) != 0;
        boolean extras = hasExtras(event);
        boolean restores = event.kind() == EventKind.RESTORE;
        int extrasAt =
                JournalLayout.EVENT_ADDRESSES + (wide ? JournalLayout.WIDE_ADDRESSES : JournalLayout.NARROW_ADDRESSES);
        int stateAt = extrasAt + (extras ? JournalLayout.EXTRAS : 0);
        int length = stateAt + (restores ? FlowLayout.REMEMBERED_SIZE : 0);
        begin(at, RecordType.EVENT, length);
        Memory.putByte(at + JournalLayout.EVENT_KIND, Memory.getByte(from + DescriptorLayout.KIND));
        Memory.putByte(at + JournalLayout.EVENT_FORM, (byte) ((toClient ? JournalLayout.FORM_TO_CLIENT : 0)
                | (wide ? JournalLayout.FORM_WIDE : 0)
                | (extras ? JournalLayout.FORM_EXTRAS : 0)));
        Memory.putByte(at + JournalLayout.EVENT_PROTOCOL, Memory.getByte(from + DescriptorLayout.PROTOCOL));
        Memory.putByte(at + JournalLayout.EVENT_INGRESS_TOS, Memory.getByte(from + DescriptorLayout.INGRESS_TOS));
        Memory.putShort(at + JournalLayout.EVENT_SERVICE, Memory.getShort(from + DescriptorLayout.SERVICE));
        Memory.putShort(at + JournalLayout.EVENT_LISTENER, Memory.getShort(from + DescriptorLayout.LISTENER));
        Memory.putShort(at + JournalLayout.EVENT_SOURCE_PORT, Memory.getShort(from + DescriptorLayout.SOURCE_PORT));
        Memory.putShort(
                at + JournalLayout.EVENT_DESTINATION_PORT, Memory.getShort(from + DescriptorLayout.DESTINATION_PORT));
        Memory.putByte(at + JournalLayout.EVENT_IP_VERSION, Memory.getByte(from + DescriptorLayout.IP_VERSION));
        Memory.putByte(at + JournalLayout.EVENT_FLAGS, Memory.getByte(from + DescriptorLayout.FLAGS));
        Memory.putLong(at + JournalLayout.EVENT_ARRIVAL_NS, event.arrivalNs());
        Memory.putLong(at + JournalLayout.EVENT_FLOW_REF, event.flowRef());
        Memory.putInt(at + JournalLayout.EVENT_LENGTH_BYTES, event.lengthBytes());
        Memory.putInt(at + JournalLayout.EVENT_PACKETS, event.packets());
        if (wide) {
            Memory.copy(
                    from + DescriptorLayout.SOURCE_HIGH,
                    at + JournalLayout.EVENT_ADDRESSES,
                    JournalLayout.WIDE_ADDRESSES);
        } else {
            Memory.putLong(at + JournalLayout.EVENT_ADDRESSES, source | destination << 32);
        }
        if (extras) {
            Memory.putLong(at + extrasAt, event.argument0());
            Memory.putLong(at + extrasAt + 8, event.argument1());
            Memory.putInt(at + extrasAt + 16, event.backend());
            Memory.putInt(at + extrasAt + 20, event.segmentBytes());
        }
        if (restores) {
            Memory.copy(event.payloadAddress(), at + stateAt, FlowLayout.REMEMBERED_SIZE);
        }
        return length;
    }

    private static boolean hasExtras(PacketDescriptor event) {
        return (event.argument0() | event.argument1() | event.segmentBytes()) != 0
                || event.backend() != PacketDescriptor.NO_BACKEND;
    }

    /** What was decided: about the event at hand, or about a packet that had waited. */
    public static int outcome(long at, PacketDescriptor event, Verdict verdict) {
        boolean waited = (event.flags() & DescriptorFlags.WAS_HELD) != 0 && verdict != Verdict.HOLD;
        return waited ? release(at, event, verdict) : decision(at, event, verdict);
    }

    private static int decision(long at, PacketDescriptor event, Verdict verdict) {
        boolean extras = event.argument1() != 0 || event.releaseNs() != event.arrivalNs();
        int length = JournalLayout.DECISION_RELEASE_NS + (extras ? JournalLayout.EXTRAS : 0);
        begin(at, RecordType.DECISION, length);
        decided(at, event, verdict);
        if (extras) {
            decidedMore(at, event);
        }
        return length;
    }

    private static int release(long at, PacketDescriptor packet, Verdict verdict) {
        int length = JournalLayout.RELEASE_PACKETS + Integer.BYTES;
        begin(at, RecordType.RELEASE, length);
        decided(at, packet, verdict);
        decidedMore(at, packet);
        Memory.putByte(
                at + JournalLayout.RELEASE_DIRECTION, (byte) packet.direction().ordinal());
        Memory.putLong(at + JournalLayout.RELEASE_ARRIVAL_NS, packet.arrivalNs());
        Memory.putInt(at + JournalLayout.RELEASE_LENGTH_BYTES, packet.lengthBytes());
        Memory.putInt(at + JournalLayout.RELEASE_PACKETS, packet.packets());
        return length;
    }

    private static void decided(long at, PacketDescriptor event, Verdict verdict) {
        long from = event.address();
        Memory.putByte(at + JournalLayout.DECISION_VERDICT, (byte)
                (verdict.ordinal() | event.trafficClass() << JournalLayout.CLASS_SHIFT));
        Memory.putByte(
                at + JournalLayout.DECISION_DROP,
                verdict == Verdict.DROP ? Memory.getByte(from + DescriptorLayout.DROP_REASON) : 0);
        Memory.putByte(at + JournalLayout.DECISION_EGRESS_DSCP, Memory.getByte(from + DescriptorLayout.EGRESS_DSCP));
        Memory.putByte(at + JournalLayout.DECISION_FLAGS, Memory.getByte(from + DescriptorLayout.FLAGS));
        Memory.putShort(at + JournalLayout.DECISION_RULE, Memory.getShort(from + DescriptorLayout.RULE));
        Memory.putInt(at + JournalLayout.DECISION_BACKEND, event.backend());
        Memory.putInt(at + JournalLayout.DECISION_FLOW_HASH, event.flowHash());
        Memory.putLong(at + JournalLayout.DECISION_FLOW_REF, event.flowRef());
    }

    private static void decidedMore(long at, PacketDescriptor event) {
        Memory.putLong(at + JournalLayout.DECISION_RELEASE_NS, event.releaseNs());
        Memory.putLong(at + JournalLayout.DECISION_ARGUMENT_1, event.argument1());
        Memory.putLong(at + JournalLayout.DECISION_SERVICE, event.service());
    }

    /** The pipeline's own end of a flow. */
    public static int flowEnd(long at, long flowRef, FlowEnd reason, long nowNs) {
        int length = JournalLayout.END_TIME_NS + Long.BYTES;
        begin(at, RecordType.FLOW_END, length);
        Memory.putByte(at + JournalLayout.END_REASON, (byte) reason.ordinal());
        Memory.putLong(at + JournalLayout.END_FLOW_REF, flowRef);
        Memory.putLong(at + JournalLayout.END_TIME_NS, nowNs);
        return length;
    }

    /**
     * A flow as it stands.
     *
     * @param reason ordinal of a {@link FlowEnd}, or {@link FlowPhase#NO_REASON}
     * @param entry the address of its entry
     */
    public static int flow(long at, FlowPhase phase, int reason, long nowNs, long flowRef, long entry) {
        int length = JournalLayout.FLOW_ENTRY + FlowLayout.SIZE;
        begin(at, RecordType.FLOW, length);
        Memory.putByte(at + JournalLayout.FLOW_PHASE, (byte) phase.ordinal());
        Memory.putByte(at + JournalLayout.FLOW_REASON, (byte) reason);
        Memory.putLong(at + JournalLayout.FLOW_TIME_NS, nowNs);
        Memory.putLong(at + JournalLayout.FLOW_REF, flowRef);
        Memory.copy(entry, at + JournalLayout.FLOW_ENTRY, FlowLayout.SIZE);
        return length;
    }

    /**
     * An EVENT and its DECISION, as an earlier pair.
     *
     * @param word where that one stands, in 8-byte words behind the document's header
     * @param event the EVENT
     */
    static int repeat(long at, int word, long event) {
        begin(at, RecordType.REPEAT, JournalLayout.REPEAT_LENGTH);
        Memory.putShort(at + JournalLayout.REPEAT_OF, (short) word);
        Memory.putInt(
                at + JournalLayout.REPEAT_SIZES,
                Memory.getInt(event + JournalLayout.EVENT_LENGTH_BYTES)
                        | Memory.getInt(event + JournalLayout.EVENT_PACKETS) << JournalLayout.REPEAT_PACKETS_SHIFT);
        Memory.putLong(
                at + JournalLayout.REPEAT_ARRIVAL_NS, Memory.getLong(event + JournalLayout.EVENT_ARRIVAL_NS));
        return JournalLayout.REPEAT_LENGTH;
    }

    /** That records are missing. */
    public static int gap(long at, GapCause cause, long records) {
        int length = JournalLayout.GAP_RECORDS + Long.BYTES;
        begin(at, RecordType.GAP, length);
        Memory.putByte(at + JournalLayout.GAP_CAUSE, (byte) cause.ordinal());
        Memory.putLong(at + JournalLayout.GAP_RECORDS, records);
        return length;
    }

    /** That the session ended as it should. */
    public static int end(long at, long events, long outcomes, long nowNs) {
        int length = JournalLayout.SESSION_END_TIME_NS + Long.BYTES;
        begin(at, RecordType.END, length);
        Memory.putLong(at + JournalLayout.SESSION_END_EVENTS, events);
        Memory.putLong(at + JournalLayout.SESSION_END_OUTCOMES, outcomes);
        Memory.putLong(at + JournalLayout.SESSION_END_TIME_NS, nowNs);
        return length;
    }

    /**
     * A packet's first bytes.
     *
     * @param from where they stand
     * @param captured how many, 0 to 65,535
     */
    public static int snap(long at, long from, int captured) {
        int padded = (JournalLayout.SNAP_BYTES + captured + 7) & -8;
        Memory.putLong(at + padded - 8, 0);
        Memory.putLong(at + FIRST_WORD, RecordType.SNAP.ordinal());
        Memory.putShort(at + JournalLayout.SNAP_CAPTURED, (short) captured);
        Memory.putInt(at + JournalLayout.LONG_LENGTH, padded);
        Memory.copy(from, at + JournalLayout.SNAP_BYTES, captured);
        return padded;
    }

    /**
     * A piece of JSON.
     *
     * @param text address of the whole of it, {@code total} bytes
     * @param length of the piece that begins at {@code offset}, at most 32 KiB
     */
    static int piece(long at, RecordType type, long text, int total, int offset, int length) {
        int padded = (JournalLayout.PIECE_BYTES + length + 7) & -8;
        Memory.putLong(at + padded - 8, 0);
        beginLong(at, type, padded);
        Memory.putInt(at + JournalLayout.PIECE_OFFSET, offset);
        Memory.putInt(at + JournalLayout.PIECE_TOTAL, total);
        Memory.copy(text + offset, at + JournalLayout.PIECE_BYTES, length);
        return padded;
    }

    /** The head of so many numbers of the stages' state, which stand behind it. */
    static int state(long at, int index, int count) {
        int length = JournalLayout.STATE_NUMBERS + count * Long.BYTES;
        beginLong(at, RecordType.STATE, length);
        Memory.putInt(at + JournalLayout.STATE_INDEX, index);
        Memory.putInt(at + JournalLayout.STATE_COUNT, count);
        return length;
    }

    /** Some slots of a flow table. */
    static int slots(long at, OffHeapFlowTable flows, int first, int count) {
        long to = at + JournalLayout.SLOTS_ENTRIES;
        long inUse = 0;
        for (int i = 0; i < count; i++) {
            long entry = flows.slotAddress(first + i);
            if (flows.isInUse(first + i)) {
                inUse |= 1L << i;
                Memory.copy(entry, to, FlowLayout.SIZE);
                to += FlowLayout.SIZE;
            } else {
                Memory.putInt(to, flows.freeGeneration(first + i));
                Memory.putInt(to + Integer.BYTES, Memory.getInt(entry + FlowLayout.TIMER_NEXT));
                to += JournalLayout.FREE_SLOT;
            }
        }
        beginLong(at, RecordType.SLOTS, (int) (to - at));
        Memory.putInt(at + JournalLayout.SLOTS_FIRST, first);
        Memory.putInt(at + JournalLayout.SLOTS_COUNT, count);
        Memory.putLong(at + JournalLayout.SLOTS_IN_USE, inUse);
        return (int) (to - at);
    }

    /** That a checkpoint is complete, with so many numbers and slots. */
    static int checkpointEnd(long at, int numbers, int slots) {
        int length = JournalLayout.CHECKPOINT_SLOTS + Long.BYTES;
        begin(at, RecordType.CHECKPOINT_END, length);
        Memory.putLong(at + JournalLayout.CHECKPOINT_NUMBERS, numbers);
        Memory.putLong(at + JournalLayout.CHECKPOINT_SLOTS, slots);
        return length;
    }

    private static void beginLong(long at, RecordType type, int length) {
        Memory.putLong(at + FIRST_WORD, type.ordinal());
        Memory.putInt(at + JournalLayout.LONG_LENGTH, length);
    }

    /** Fills the end of a ring. */
    static void pad(long at, long length) {
        Memory.putInt(at + FIRST_WORD, RecordType.PAD.ordinal());
        Memory.putInt(at + JournalLayout.LONG_LENGTH, (int) length);
    }

    private static void begin(long at, RecordType type, int length) {
        Memory.putLong(at + FIRST_WORD, type.ordinal() | (long) (length / Long.BYTES) << 8);
    }
}
