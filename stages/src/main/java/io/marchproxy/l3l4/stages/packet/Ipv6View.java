package io.marchproxy.l3l4.stages.packet;

/**
 * A view of an IPv6 header (RFC 8200) in place. Nothing is checked here: {@link IpPacket} says first whether a header is
 * there and whole.
 *
 * <pre>
 *  0|version| traffic class |      flow label        |
 *  4|     payload length    | next header | hop limit|
 *  8|            source address, 128 bits            |
 * 24|         destination address, 128 bits          |
 * </pre>
 */
public final class Ipv6View {
    public static final int VERSION_CLASS_LABEL = 0;
    public static final int PAYLOAD_LENGTH = 4;
    public static final int NEXT_HEADER = 6;
    public static final int HOP_LIMIT = 7;
    public static final int SOURCE = 8;
    public static final int DESTINATION = 24;

    /** The fixed header, in bytes. */
    public static final int HEADER_BYTES = 40;

    private long address;

    /** Views the header at an address; gives itself. */
    public Ipv6View wrap(long headerAddress) {
        address = headerAddress;
        return this;
    }

    /** Code point and ECN field in one: the traffic class of RFC 8200. */
    public int tos() {
        return (Memory.getShortBe(address + VERSION_CLASS_LABEL) >> 4) & 0xff;
    }

    public int dscp() {
        return tos() >> 2;
    }

    /** 0 not ECN-capable, 1 and 2 capable, 3 congestion experienced (RFC 3168). */
    public int ecn() {
        return tos() & 3;
    }

    public int flowLabel() {
        return Memory.getIntBe(address + VERSION_CLASS_LABEL) & 0xf_ffff;
    }

    /** Extension headers and payload, in bytes, as the header says. */
    public int payloadBytes() {
        return Short.toUnsignedInt(Memory.getShortBe(address + PAYLOAD_LENGTH));
    }

    public int nextHeader() {
        return Byte.toUnsignedInt(Memory.getByte(address + NEXT_HEADER));
    }

    public int hopLimit() {
        return Byte.toUnsignedInt(Memory.getByte(address + HOP_LIMIT));
    }

    public long sourceHigh() {
        return Memory.getLongBe(address + SOURCE);
    }

    public long sourceLow() {
        return Memory.getLongBe(address + SOURCE + Long.BYTES);
    }

    public long destinationHigh() {
        return Memory.getLongBe(address + DESTINATION);
    }

    public long destinationLow() {
        return Memory.getLongBe(address + DESTINATION + Long.BYTES);
    }
}
