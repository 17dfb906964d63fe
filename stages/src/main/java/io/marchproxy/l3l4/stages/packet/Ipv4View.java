package io.marchproxy.l3l4.stages.packet;

/**
 * A view of an IPv4 header (RFC 791, RFC 2474, RFC 3168) in place. Nothing is checked here: {@link IpPacket} says first
 * whether a header is there and whole.
 *
 * <pre>
 *  0|version|ihl |dscp  |ecn|      total length      |
 *  4|     identification    |flags| fragment offset  |
 *  8|    ttl     | protocol  |    header checksum     |
 * 12|                source address                  |
 * 16|             destination address                |
 * </pre>
 */
public final class Ipv4View {
    public static final int VERSION_IHL = 0;
    public static final int TOS = 1;
    public static final int TOTAL_LENGTH = 2;
    public static final int IDENTIFICATION = 4;
    public static final int FLAGS_OFFSET = 6;
    public static final int TTL = 8;
    public static final int PROTOCOL = 9;
    public static final int CHECKSUM = 10;
    public static final int SOURCE = 12;
    public static final int DESTINATION = 16;

    /** A header without options, in bytes. */
    public static final int LEAST_HEADER_BYTES = 20;

    static final int MORE_FRAGMENTS = 0x2000;
    static final int OFFSET_MASK = 0x1fff;

    private long address;

    /** Views the header at an address; gives itself. */
    public Ipv4View wrap(long headerAddress) {
        address = headerAddress;
        return this;
    }

    /** Header and options, in bytes, as the header says. */
    public int headerBytes() {
        return (Memory.getByte(address + VERSION_IHL) & 0xf) * 4;
    }

    /** Code point and ECN field in one. */
    public int tos() {
        return Byte.toUnsignedInt(Memory.getByte(address + TOS));
    }

    public int dscp() {
        return tos() >> 2;
    }

    /** 0 not ECN-capable, 1 and 2 capable, 3 congestion experienced (RFC 3168). */
    public int ecn() {
        return tos() & 3;
    }

    /** Header and payload, in bytes, as the header says. */
    public int totalBytes() {
        return Short.toUnsignedInt(Memory.getShortBe(address + TOTAL_LENGTH));
    }

    public int identification() {
        return Short.toUnsignedInt(Memory.getShortBe(address + IDENTIFICATION));
    }

    public boolean dontFragment() {
        return (Memory.getShortBe(address + FLAGS_OFFSET) & 0x4000) != 0;
    }

    public boolean moreFragments() {
        return (Memory.getShortBe(address + FLAGS_OFFSET) & MORE_FRAGMENTS) != 0;
    }

    /** Where in the whole packet's payload this fragment's stands, in bytes. */
    public int fragmentOffsetBytes() {
        return (Memory.getShortBe(address + FLAGS_OFFSET) & OFFSET_MASK) * 8;
    }

    public int ttl() {
        return Byte.toUnsignedInt(Memory.getByte(address + TTL));
    }

    public int protocol() {
        return Byte.toUnsignedInt(Memory.getByte(address + PROTOCOL));
    }

    public int checksum() {
        return Short.toUnsignedInt(Memory.getShortBe(address + CHECKSUM));
    }

    public boolean hasRightChecksum() {
        return InternetChecksum.of(address, headerBytes()) == 0;
    }

    /** The 32 bits of the address. */
    public long source() {
        return Integer.toUnsignedLong(Memory.getIntBe(address + SOURCE));
    }

    /** The 32 bits of the address. */
    public long destination() {
        return Integer.toUnsignedLong(Memory.getIntBe(address + DESTINATION));
    }
}
