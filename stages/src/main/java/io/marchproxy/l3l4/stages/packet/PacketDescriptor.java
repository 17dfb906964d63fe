package io.marchproxy.l3l4.stages.packet;

import org.jspecify.annotations.Nullable;

/**
 * A view of one descriptor in a slab: what came in, and what the stages decided about it.
 *
 * <p>Rings and queues hold one view per slot, made once; nothing is allocated per packet. One thread at a time owns a
 * descriptor, and hands it on by publishing the slot. Accessors are named as the fields of {@link DescriptorLayout}.
 */
public final class PacketDescriptor {
    /** {@link #flowRef()} of a packet whose flow is not known yet. */
    public static final long NO_FLOW = -1;

    /** {@link #backend()} of a packet that has none. */
    public static final int NO_BACKEND = -1;

    /** {@link #egressDscp()} that says: leave the code point as it is. */
    public static final int DSCP_UNCHANGED = 0xff;

    /** {@link #egressDscp()} that says, up to the mark stage: leave with {@link #ingressDscp()}. */
    public static final int DSCP_PRESERVE = 0xfe;

    private static final int DSCP_SHIFT = 2;

    /** As constants, which they are to the JIT only here. */
    private static final int DATA = EventKind.DATA.ordinal();

    private static final int TO_BACKEND = Direction.TO_BACKEND.ordinal();

    private final long address;
    private @Nullable Object payload;
    private @Nullable Object endpoint;

    /**
     * Views the descriptor at an address.
     *
     * @param address of at least {@link DescriptorLayout#SIZE} bytes that stay allocated while this view is used
     */
    public PacketDescriptor(long address) {
        this.address = address;
    }

    /** The descriptor's place in memory. */
    public long address() {
        return address;
    }

    /** Clears every field and attachment, and says what the event is, when, and that neither flow nor backend is known. */
    public void reset(EventKind kind, long arrivalNs) {
        Memory.putLong(address + DescriptorLayout.KIND, 0);
        Memory.putByte(address + DescriptorLayout.KIND, (byte) kind.ordinal());
        arrivalNs(arrivalNs);
        Memory.zero(address + DescriptorLayout.SOURCE_HIGH, DescriptorLayout.FLOW_REF - DescriptorLayout.SOURCE_HIGH);
        flowRef(NO_FLOW);
        Memory.zero(address + DescriptorLayout.VERDICT, DescriptorLayout.RELEASE_NS - DescriptorLayout.VERDICT);
        egressDscp(DSCP_UNCHANGED);
        backend(NO_BACKEND);
        releaseNs(arrivalNs);
        Memory.zero(
                address + DescriptorLayout.PAYLOAD_ADDRESS, DescriptorLayout.SIZE - DescriptorLayout.PAYLOAD_ADDRESS);
        packets(1);
        if (payload != null) {
            payload = null;
        }
        if (endpoint != null) {
            endpoint = null;
        }
    }

    /** Takes over another descriptor's fields and attachments, and leaves the other without attachments. */
    public void moveFrom(PacketDescriptor other) {
        Memory.copy(other.address, address, DescriptorLayout.SIZE);
        payload = other.payload;
        endpoint = other.endpoint;
        other.payload = null;
        other.endpoint = null;
    }

    /** What the engine attached as the packet's bytes; stages never look into it. */
    public @Nullable Object payload() {
        return payload;
    }

    public void payload(@Nullable Object value) {
        payload = value;
    }

    /** Takes the payload out, so that exactly one owner has it. */
    public @Nullable Object takePayload() {
        Object taken = payload;
        payload = null;
        return taken;
    }

    /** The socket pair or session that the packet came from, or a control event's content; stages never look into the former. */
    public @Nullable Object endpoint() {
        return endpoint;
    }

    public void endpoint(@Nullable Object value) {
        endpoint = value;
    }

    public EventKind kind() {
        return EventKind.of(Memory.getByte(address + DescriptorLayout.KIND));
    }

    /** Whether the kind is {@link EventKind#DATA}: what nearly every event is, asked in several places of a packet's way. */
    public boolean isData() {
        return Memory.getByte(address + DescriptorLayout.KIND) == DATA;
    }

    public void kind(EventKind value) {
        Memory.putByte(address + DescriptorLayout.KIND, (byte) value.ordinal());
    }

    /**
     * Whether this is a datagram from a client, a run of them, or an IP packet: what is looked up by its addresses. The mask
     * stands in the place of a branch that mixed traffic would mispredict: no protocol is a difference to an IP packet.
     */
    public boolean isClientDatagram() {
        int unlessIpPacket = ((Memory.getByte(address + DescriptorLayout.FLAGS) & DescriptorFlags.IP_PACKET) - 1)
                >> (Integer.SIZE - 1);
        int differences = (Memory.getByte(address + DescriptorLayout.KIND) ^ DATA)
                | (Memory.getByte(address + DescriptorLayout.DIRECTION) ^ TO_BACKEND)
                | ((Memory.getByte(address + DescriptorLayout.PROTOCOL) ^ IpPacket.UDP) & unlessIpPacket);
        return differences == 0;
    }

    /** Whether this is a whole IP packet, and not what a relay carries. */
    public boolean isIpPacket() {
        return (Memory.getByte(address + DescriptorLayout.FLAGS) & DescriptorFlags.IP_PACKET) != 0;
    }

    /** Whether this is an IP packet whose headers make no sense. */
    public boolean isMalformed() {
        return (Memory.getByte(address + DescriptorLayout.FLAGS) & DescriptorFlags.MALFORMED) != 0;
    }

    /** Whether the direction is {@link Direction#TO_BACKEND}. */
    public boolean isToBackend() {
        return Memory.getByte(address + DescriptorLayout.DIRECTION) == TO_BACKEND;
    }

    public Direction direction() {
        return Direction.of(Memory.getByte(address + DescriptorLayout.DIRECTION));
    }

    public void direction(Direction value) {
        Memory.putByte(address + DescriptorLayout.DIRECTION, (byte) value.ordinal());
    }

    /** IP protocol number: 6 TCP, 17 UDP (IANA); of an IP packet any. */
    public int protocol() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.PROTOCOL));
    }

    public void protocol(int value) {
        Memory.putByte(address + DescriptorLayout.PROTOCOL, (byte) value);
    }

    /** 4 or 6. */
    public int ipVersion() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.IP_VERSION));
    }

    public void ipVersion(int value) {
        Memory.putByte(address + DescriptorLayout.IP_VERSION, (byte) value);
    }

    /** The number of the service that the listener belongs to, 0 to 65,535. */
    public int service() {
        return Short.toUnsignedInt(Memory.getShort(address + DescriptorLayout.SERVICE));
    }

    public void service(int value) {
        Memory.putShort(address + DescriptorLayout.SERVICE, (short) value);
    }

    /** The number of the listener within the engine, 0 to 65,535. */
    public int listener() {
        return Short.toUnsignedInt(Memory.getShort(address + DescriptorLayout.LISTENER));
    }

    public void listener(int value) {
        Memory.putShort(address + DescriptorLayout.LISTENER, (short) value);
    }

    /** When the packet or event came in, in nanoseconds of the shard's monotonic time. */
    public long arrivalNs() {
        return Memory.getLong(address + DescriptorLayout.ARRIVAL_NS);
    }

    public void arrivalNs(long value) {
        Memory.putLong(address + DescriptorLayout.ARRIVAL_NS, value);
    }

    /** The sender's address, first 64 bits; 0 for IPv4. */
    public long sourceHigh() {
        return Memory.getLong(address + DescriptorLayout.SOURCE_HIGH);
    }

    public void sourceHigh(long value) {
        Memory.putLong(address + DescriptorLayout.SOURCE_HIGH, value);
    }

    /** The sender's address, last 64 bits, or the 32 bits of an IPv4 address. */
    public long sourceLow() {
        return Memory.getLong(address + DescriptorLayout.SOURCE_LOW);
    }

    public void sourceLow(long value) {
        Memory.putLong(address + DescriptorLayout.SOURCE_LOW, value);
    }

    /** The address that was written to, first 64 bits; 0 for IPv4. */
    public long destinationHigh() {
        return Memory.getLong(address + DescriptorLayout.DESTINATION_HIGH);
    }

    public void destinationHigh(long value) {
        Memory.putLong(address + DescriptorLayout.DESTINATION_HIGH, value);
    }

    /** The address that was written to, last 64 bits, or the 32 bits of an IPv4 address. */
    public long destinationLow() {
        return Memory.getLong(address + DescriptorLayout.DESTINATION_LOW);
    }

    public void destinationLow(long value) {
        Memory.putLong(address + DescriptorLayout.DESTINATION_LOW, value);
    }

    /** 0 to 65,535. */
    public int sourcePort() {
        return Short.toUnsignedInt(Memory.getShort(address + DescriptorLayout.SOURCE_PORT));
    }

    public void sourcePort(int value) {
        Memory.putShort(address + DescriptorLayout.SOURCE_PORT, (short) value);
    }

    /** 0 to 65,535. */
    public int destinationPort() {
        return Short.toUnsignedInt(Memory.getShort(address + DescriptorLayout.DESTINATION_PORT));
    }

    public void destinationPort(int value) {
        Memory.putShort(address + DescriptorLayout.DESTINATION_PORT, (short) value);
    }

    /** Payload bytes: of the stream chunk, of the datagrams, or of the whole IP packet. */
    public int lengthBytes() {
        return Memory.getInt(address + DescriptorLayout.LENGTH_BYTES);
    }

    public void lengthBytes(int value) {
        Memory.putInt(address + DescriptorLayout.LENGTH_BYTES, value);
    }

    /** Generation (high 32 bits) and slot (low 32 bits) of the flow, or {@link #NO_FLOW}. */
    public long flowRef() {
        return Memory.getLong(address + DescriptorLayout.FLOW_REF);
    }

    public void flowRef(long value) {
        Memory.putLong(address + DescriptorLayout.FLOW_REF, value);
    }

    /**
     * The flow that a look-up ahead found for this packet, or {@link #NO_FLOW}: where a look-up begins. Nothing is decided by it,
     * since the flow may have ended meanwhile.
     */
    public long likelyFlow() {
        return ~Memory.getLong(address + DescriptorLayout.LIKELY_FLOW);
    }

    /** Stands complemented, so that a descriptor that was cleared names no flow. */
    public void likelyFlow(long flowRef) {
        Memory.putLong(address + DescriptorLayout.LIKELY_FLOW, ~flowRef);
    }

    /** 0 to 3 for P0 to P3. */
    public int trafficClass() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.TRAFFIC_CLASS));
    }

    public void trafficClass(int value) {
        Memory.putByte(address + DescriptorLayout.TRAFFIC_CLASS, (byte) value);
    }

    /** The code point to leave with, 0 to 63 (RFC 2474), or {@link #DSCP_UNCHANGED}. */
    public int egressDscp() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.EGRESS_DSCP));
    }

    public void egressDscp(int value) {
        Memory.putByte(address + DescriptorLayout.EGRESS_DSCP, (byte) value);
    }

    /**
     * The octet to leave with, 0 to 255: the code point that was decided or else the one that it came with, and CE where that
     * was marked or else the ECN field that it came with.
     */
    public int egressTos() {
        int dscp = egressDscp();
        int ecn = (flags() & DescriptorFlags.CE_MARKED) != 0 ? Ecn.CONGESTION_EXPERIENCED : ingressEcn();
        return ((dscp == DSCP_UNCHANGED ? ingressDscp() : dscp) << DSCP_SHIFT) | ecn;
    }

    /** One more than the index of the rule that matched, or 0 when the service's default did. */
    public int rule() {
        return Short.toUnsignedInt(Memory.getShort(address + DescriptorLayout.RULE));
    }

    public void rule(int value) {
        Memory.putShort(address + DescriptorLayout.RULE, (short) value);
    }

    /**
     * The octet that the packet's IP header came with, 0 to 255: code point and ECN field. Called type of service in IPv4 and
     * traffic class in IPv6. All datagrams of a run have the same.
     */
    public int ingressTos() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.INGRESS_TOS));
    }

    public void ingressTos(int value) {
        Memory.putByte(address + DescriptorLayout.INGRESS_TOS, (byte) value);
    }

    /**
     * The code point that the packet came with, 0 to 63 (RFC 2474); 0 also where nobody could tell. Of a TCP relay's connection
     * it is that of the client's SYN, with all of its events and in both directions.
     */
    public int ingressDscp() {
        return ingressTos() >>> DSCP_SHIFT;
    }

    /** Leaves the ECN field as it is. */
    public void ingressDscp(int value) {
        ingressTos((value << DSCP_SHIFT) | ingressEcn());
    }

    /** The ECN field that the packet came with (RFC 3168): one of {@link Ecn}. Always 0 of a TCP relay, whose ECN is the kernel's. */
    public int ingressEcn() {
        return ingressTos() & Ecn.MASK;
    }

    /** Leaves the code point as it is. */
    public void ingressEcn(int value) {
        ingressTos((ingressTos() & ~Ecn.MASK) | value);
    }

    /** Bits that {@link DescriptorFlags} names. */
    public int flags() {
        return Byte.toUnsignedInt(Memory.getByte(address + DescriptorLayout.FLAGS));
    }

    public void flags(int value) {
        Memory.putByte(address + DescriptorLayout.FLAGS, (byte) value);
    }

    /** The index of the chosen backend, or {@link #NO_BACKEND}. */
    public int backend() {
        return Memory.getInt(address + DescriptorLayout.BACKEND);
    }

    public void backend(int value) {
        Memory.putInt(address + DescriptorLayout.BACKEND, value);
    }

    /** Hash of the flow key. */
    public int flowHash() {
        return Memory.getInt(address + DescriptorLayout.FLOW_HASH);
    }

    public void flowHash(int value) {
        Memory.putInt(address + DescriptorLayout.FLOW_HASH, value);
    }

    /** When the packet may leave; the arrival unless it was held. */
    public long releaseNs() {
        return Memory.getLong(address + DescriptorLayout.RELEASE_NS);
    }

    public void releaseNs(long value) {
        Memory.putLong(address + DescriptorLayout.RELEASE_NS, value);
    }

    /** Where the packet's bytes stand off heap, or 0 when {@link #payload()} holds them. */
    public long payloadAddress() {
        return Memory.getLong(address + DescriptorLayout.PAYLOAD_ADDRESS);
    }

    public void payloadAddress(long value) {
        Memory.putLong(address + DescriptorLayout.PAYLOAD_ADDRESS, value);
    }

    /** Meaning depends on the {@link EventKind}. */
    public long argument0() {
        return Memory.getLong(address + DescriptorLayout.ARGUMENT_0);
    }

    public void argument0(long value) {
        Memory.putLong(address + DescriptorLayout.ARGUMENT_0, value);
    }

    /** Meaning depends on the {@link EventKind}. */
    public long argument1() {
        return Memory.getLong(address + DescriptorLayout.ARGUMENT_1);
    }

    public void argument1(long value) {
        Memory.putLong(address + DescriptorLayout.ARGUMENT_1, value);
    }

    /** How many packets the descriptor stands for: more than 1 for a run of datagrams of one flow. */
    public int packets() {
        return Memory.getInt(address + DescriptorLayout.PACKETS);
    }

    public void packets(int value) {
        Memory.putInt(address + DescriptorLayout.PACKETS, value);
    }

    /** For a run, the length of each datagram but the last; else 0. */
    public int segmentBytes() {
        return Memory.getInt(address + DescriptorLayout.SEGMENT_BYTES);
    }

    public void segmentBytes(int value) {
        Memory.putInt(address + DescriptorLayout.SEGMENT_BYTES, value);
    }
}
