package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/** Reads records at an address, as {@link JournalLayout} places their fields. The reader has checked that they are whole. */
public final class Records {
    private Records() {}

    /** What a record is. */
    public static RecordType type(long at) {
        return RecordType.of(typeNumber(at));
    }

    /** Whether it is an EVENT, which is what is asked most. */
    public static boolean isEvent(long at) {
        return typeNumber(at) == RecordType.EVENT.ordinal();
    }

    static int typeNumber(long at) {
        return Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.TYPE));
    }

    /** A record's length in bytes. */
    public static int length(long at) {
        int words = Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.WORDS));
        return words == 0 ? Memory.getInt(at + JournalLayout.LONG_LENGTH) : words * Long.BYTES;
    }

    /**
     * Fills a descriptor with what came in, as it stood before anything was decided; without attachments. The payload of a RESTORE
     * stays in the record.
     */
    public static void event(long at, PacketDescriptor into) {
        int form = Memory.getByte(at + JournalLayout.EVENT_FORM);
        into.reset(kind(at), Memory.getLong(at + JournalLayout.EVENT_ARRIVAL_NS));
        long to = into.address();
        if ((form & JournalLayout.FORM_TO_CLIENT) != 0) {
            into.direction(Direction.TO_CLIENT);
        }
        Memory.putByte(to + DescriptorLayout.PROTOCOL, Memory.getByte(at + JournalLayout.EVENT_PROTOCOL));
        Memory.putByte(to + DescriptorLayout.INGRESS_TOS, Memory.getByte(at + JournalLayout.EVENT_INGRESS_TOS));
        Memory.putShort(to + DescriptorLayout.SERVICE, Memory.getShort(at + JournalLayout.EVENT_SERVICE));
        Memory.putShort(to + DescriptorLayout.LISTENER, Memory.getShort(at + JournalLayout.EVENT_LISTENER));
        Memory.putShort(to + DescriptorLayout.SOURCE_PORT, Memory.getShort(at + JournalLayout.EVENT_SOURCE_PORT));
        Memory.putShort(
                to + DescriptorLayout.DESTINATION_PORT, Memory.getShort(at + JournalLayout.EVENT_DESTINATION_PORT));
        Memory.putByte(to + DescriptorLayout.IP_VERSION, Memory.getByte(at + JournalLayout.EVENT_IP_VERSION));
        Memory.putByte(to + DescriptorLayout.FLAGS, Memory.getByte(at + JournalLayout.EVENT_FLAGS));
        into.flowRef(Memory.getLong(at + JournalLayout.EVENT_FLOW_REF));
        into.lengthBytes(Memory.getInt(at + JournalLayout.EVENT_LENGTH_BYTES));
        into.packets(Memory.getInt(at + JournalLayout.EVENT_PACKETS));
        boolean wide = (form & JournalLayout.FORM_WIDE) != 0;
        if (wide) {
            Memory.copy(
                    at + JournalLayout.EVENT_ADDRESSES,
                    to + DescriptorLayout.SOURCE_HIGH,
                    JournalLayout.WIDE_ADDRESSES);
        } else {
            into.sourceLow(Integer.toUnsignedLong(Memory.getInt(at + JournalLayout.EVENT_ADDRESSES)));
            into.destinationLow(Integer.toUnsignedLong(Memory.getInt(at + JournalLayout.EVENT_ADDRESSES + 4)));
        }
        long extras = at
                + JournalLayout.EVENT_ADDRESSES
                + (wide ? JournalLayout.WIDE_ADDRESSES : JournalLayout.NARROW_ADDRESSES);
        boolean hasExtras = (form & JournalLayout.FORM_EXTRAS) != 0;
        if (into.kind() == EventKind.RESTORE) {
            into.payloadAddress(extras + (hasExtras ? JournalLayout.EXTRAS : 0));
        }
        if (hasExtras) {
            into.argument0(Memory.getLong(extras));
            into.argument1(Memory.getLong(extras + 8));
            into.backend(Memory.getInt(extras + 16));
            into.segmentBytes(Memory.getInt(extras + 20));
        }
    }

    /** Of an EVENT. */
    public static EventKind kind(long at) {
        return EventKind.of(Memory.getByte(at + JournalLayout.EVENT_KIND));
    }

    /** Of an EVENT: how many packets it stands for. */
    public static int packets(long at) {
        return Memory.getInt(at + JournalLayout.EVENT_PACKETS);
    }

    /** Of an EVENT: when it came in. */
    public static long arrivalNs(long at) {
        return Memory.getLong(at + JournalLayout.EVENT_ARRIVAL_NS);
    }

    /** Of a DECISION or RELEASE. */
    public static Verdict verdict(long at) {
        return Verdict.of(Memory.getByte(at + JournalLayout.DECISION_VERDICT) & JournalLayout.VERDICT_MASK);
    }

    /** Of a DECISION or RELEASE: 0 to 3. */
    public static int trafficClass(long at) {
        return Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.DECISION_VERDICT)) >> JournalLayout.CLASS_SHIFT;
    }

    /** Of a DECISION or RELEASE that drops. */
    public static DropReason dropReason(long at) {
        return DropReason.of(Memory.getByte(at + JournalLayout.DECISION_DROP));
    }

    /** Of a REPEAT: where the pair stands that it repeats, in 8-byte words behind the document's header. */
    static int repeatedWord(long at) {
        return Short.toUnsignedInt(Memory.getShort(at + JournalLayout.REPEAT_OF));
    }

    /** How many records one in a file stands for. */
    static int count(long at) {
        return typeNumber(at) == RecordType.REPEAT.ordinal() ? 2 * times(at) : 1;
    }

    /** Of a REPEAT: how many times. */
    static int times(long at) {
        return Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.REPEAT_TIMES));
    }

    /** Of a REPEAT: whether an EVENT's time, length and packets are those that it says. */
    static boolean isSameAs(long at, long event) {
        return Memory.getLong(at + JournalLayout.REPEAT_ARRIVAL_NS) == arrivalNs(event)
                && lengthBytes(at) == Memory.getInt(event + JournalLayout.EVENT_LENGTH_BYTES)
                && repeatedPackets(at) == packets(event);
    }

    private static int lengthBytes(long repeat) {
        return Short.toUnsignedInt(Memory.getShort(repeat + JournalLayout.REPEAT_LENGTH_BYTES));
    }

    private static int repeatedPackets(long repeat) {
        return Byte.toUnsignedInt(Memory.getByte(repeat + JournalLayout.REPEAT_PACKETS));
    }

    /** Of a REPEAT: writes into a copy of the pair's EVENT what differs. */
    static void changed(long at, long event) {
        Memory.putInt(event + JournalLayout.EVENT_LENGTH_BYTES, lengthBytes(at));
        Memory.putInt(event + JournalLayout.EVENT_PACKETS, repeatedPackets(at));
        Memory.putLong(event + JournalLayout.EVENT_ARRIVAL_NS, Memory.getLong(at + JournalLayout.REPEAT_ARRIVAL_NS));
    }

    /** Of a FLOW_END: why. */
    public static FlowEnd endReason(long at) {
        return FlowEnd.values()[Memory.getByte(at + JournalLayout.END_REASON)];
    }

    /** Of a FLOW: begin, periodic or end. */
    public static FlowPhase phase(long at) {
        return FlowPhase.values()[Memory.getByte(at + JournalLayout.FLOW_PHASE)];
    }

    /** Of a FLOW: the ordinal of a {@code FlowEnd}, or {@link FlowPhase#NO_REASON}. */
    public static int flowReason(long at) {
        return Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.FLOW_REASON));
    }

    /** Of a FLOW: when it was recorded. */
    public static long flowTimeNs(long at) {
        return Memory.getLong(at + JournalLayout.FLOW_TIME_NS);
    }

    /** Of a FLOW: the address of its entry, as {@code FlowLayout} places it. */
    public static long flowEntry(long at) {
        return at + JournalLayout.FLOW_ENTRY;
    }

    /** Of a SNAP: a copy of its bytes. */
    public static byte[] snap(long at) {
        byte[] bytes = new byte[Short.toUnsignedInt(Memory.getShort(at + JournalLayout.SNAP_CAPTURED))];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Memory.getByte(at + JournalLayout.SNAP_BYTES + i);
        }
        return bytes;
    }

    /** Of a TEXT: what it is to be. */
    static RecordType textType(long at) {
        return RecordType.of(Memory.getByte(at + JournalLayout.TEXT_TYPE));
    }

    /** Of a piece of JSON: whether it is the first. */
    public static boolean isFirstPiece(long at) {
        return Memory.getInt(at + JournalLayout.PIECE_OFFSET) == 0;
    }

    /** Of a GAP: why. */
    public static GapCause gapCause(long at) {
        return GapCause.values()[Memory.getByte(at + JournalLayout.GAP_CAUSE)];
    }

    /** Of a GAP: how many records are missing. */
    public static long gapRecords(long at) {
        return Memory.getLong(at + JournalLayout.GAP_RECORDS);
    }
}
