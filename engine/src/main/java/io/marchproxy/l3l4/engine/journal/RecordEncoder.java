package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
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
    private static final int IP_VERSION_IN_PORTS = JournalLayout.EVENT_IP_VERSION - JournalLayout.EVENT_LISTENER;
    private static final int FLAGS_IN_PORTS = JournalLayout.EVENT_FLAGS - JournalLayout.EVENT_LISTENER;

    private RecordEncoder() {}

    /** What came in. Whole words are put together of the descriptor's, since this is done for every packet. */
    public static int event(long at, PacketDescriptor event) {
        long from = event.address();
        long kinds = Memory.getLong(from + DescriptorLayout.KIND);
        long source = event.sourceLow();
        long destination = event.destinationLow();
        boolean wide = (event.sourceHigh() | event.destinationHigh() | (source | destination) >>> 32) != 0;
        boolean extras = hasExtras(event);
        boolean restores = event.kind() == EventKind.RESTORE;
        int extrasAt =
                JournalLayout.EVENT_ADDRESSES + (wide ? JournalLayout.WIDE_ADDRESSES : JournalLayout.NARROW_ADDRESSES);
        int stateAt = extrasAt + (extras ? JournalLayout.EXTRAS : 0);
        int length = stateAt + (restores ? FlowLayout.REMEMBERED_SIZE : 0);
        int form = octet(kinds, DescriptorLayout.DIRECTION)
                | (wide ? JournalLayout.FORM_WIDE : 0)
                | (extras ? JournalLayout.FORM_EXTRAS : 0);
        Memory.putLong(at + FIRST_WORD, eventHead(length, kinds, form, event.ingressTos()));
        Memory.putLong(
                at + JournalLayout.EVENT_LISTENER,
                eventPorts(kinds, Memory.getInt(from + DescriptorLayout.SOURCE_PORT), event.flags()));
        Memory.putLong(at + JournalLayout.EVENT_ARRIVAL_NS, event.arrivalNs());
        Memory.putLong(at + JournalLayout.EVENT_FLOW_REF, event.flowRef());
        Memory.putLong(
                at + JournalLayout.EVENT_LENGTH_BYTES,
                Integer.toUnsignedLong(event.lengthBytes()) | (long) event.packets() << Integer.SIZE);
        if (wide) {
            Memory.copy(
                    from + DescriptorLayout.SOURCE_HIGH,
                    at + JournalLayout.EVENT_ADDRESSES,
                    JournalLayout.WIDE_ADDRESSES);
        } else {
            Memory.putLong(at + JournalLayout.EVENT_ADDRESSES, source | destination << Integer.SIZE);
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

    private static long eventHead(int length, long kinds, int form, int tos) {
        return head(RecordType.EVENT, length)
                | (long) octet(kinds, DescriptorLayout.KIND) << (JournalLayout.EVENT_KIND * Byte.SIZE)
                | (long) form << (JournalLayout.EVENT_FORM * Byte.SIZE)
                | (long) octet(kinds, DescriptorLayout.PROTOCOL) << (JournalLayout.EVENT_PROTOCOL * Byte.SIZE)
                | (long) tos << (JournalLayout.EVENT_INGRESS_TOS * Byte.SIZE)
                | kinds >>> (DescriptorLayout.SERVICE * Byte.SIZE) << (JournalLayout.EVENT_SERVICE * Byte.SIZE);
    }

    private static long eventPorts(long kinds, int ports, int flags) {
        return kinds >>> (DescriptorLayout.LISTENER * Byte.SIZE)
                | Integer.toUnsignedLong(ports) << Short.SIZE
                | (long) octet(kinds, DescriptorLayout.IP_VERSION) << (IP_VERSION_IN_PORTS * Byte.SIZE)
                | (long) flags << (FLAGS_IN_PORTS * Byte.SIZE);
    }

    /** The octet of a word that has so many before it. */
    private static int octet(long word, int index) {
        return (int) (word >>> (index * Byte.SIZE)) & 0xff;
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
        decided(at, RecordType.DECISION, length, event, verdict);
        if (extras) {
            decidedMore(at, event);
        }
        return length;
    }

    private static int release(long at, PacketDescriptor packet, Verdict verdict) {
        int length = JournalLayout.RELEASE_PACKETS + Integer.BYTES;
        decided(at, RecordType.RELEASE, length, packet, verdict);
        decidedMore(at, packet);
        Memory.putByte(
                at + JournalLayout.RELEASE_DIRECTION, (byte) packet.direction().ordinal());
        Memory.putLong(at + JournalLayout.RELEASE_ARRIVAL_NS, packet.arrivalNs());
        Memory.putInt(at + JournalLayout.RELEASE_LENGTH_BYTES, packet.lengthBytes());
        Memory.putInt(at + JournalLayout.RELEASE_PACKETS, packet.packets());
        return length;
    }

    private static void decided(long at, RecordType type, int length, PacketDescriptor event, Verdict verdict) {
        long from = event.address();
        int reason = verdict == Verdict.DROP ? Memory.getByte(from + DescriptorLayout.DROP_REASON) : 0;
        int decided = verdict.ordinal() | event.trafficClass() << JournalLayout.CLASS_SHIFT;
        Memory.putLong(
                at + FIRST_WORD,
                head(type, length)
                        | (long) decided << (JournalLayout.DECISION_VERDICT * Byte.SIZE)
                        | (long) reason << (JournalLayout.DECISION_DROP * Byte.SIZE)
                        | (long) event.egressDscp() << (JournalLayout.DECISION_EGRESS_DSCP * Byte.SIZE)
                        | (long) event.flags() << (JournalLayout.DECISION_FLAGS * Byte.SIZE)
                        | (long) event.rule() << (JournalLayout.DECISION_RULE * Byte.SIZE));
        // Backend and flow hash stand side by side in both.
        Memory.putLong(at + JournalLayout.DECISION_BACKEND, Memory.getLong(from + DescriptorLayout.BACKEND));
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
     * @param times 1 to {@link JournalLayout#MOST_TIMES}
     */
    static int repeat(long at, int word, long event, int times) {
        begin(at, RecordType.REPEAT, JournalLayout.REPEAT_LENGTH);
        Memory.putShort(at + JournalLayout.REPEAT_OF, (short) word);
        Memory.putShort(at + JournalLayout.REPEAT_LENGTH_BYTES, (short)
                Memory.getInt(event + JournalLayout.EVENT_LENGTH_BYTES));
        Memory.putByte(at + JournalLayout.REPEAT_PACKETS, (byte) Memory.getInt(event + JournalLayout.EVENT_PACKETS));
        Memory.putByte(at + JournalLayout.REPEAT_TIMES, (byte) times);
        Memory.putLong(at + JournalLayout.REPEAT_ARRIVAL_NS, Memory.getLong(event + JournalLayout.EVENT_ARRIVAL_NS));
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

    /** In a ring, that a text of this type stands here. */
    static int text(long at, RecordType type) {
        begin(at, RecordType.TEXT, JournalLayout.TEXT_LENGTH);
        Memory.putByte(at + JournalLayout.TEXT_TYPE, (byte) type.ordinal());
        return JournalLayout.TEXT_LENGTH;
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
        Memory.putLong(at + FIRST_WORD, head(type, length));
    }

    private static long head(RecordType type, int length) {
        return type.ordinal() | (long) (length / Long.BYTES) << 8;
    }
}
