package io.marchproxy.l3l4.stages.packet;

/**
 * A view of a TCP header (RFC 9293) in place. Nothing is checked here: {@link IpPacket} says first whether it is whole.
 *
 * <pre>
 *  0|      source port      |    destination port    |
 *  4|                sequence number                 |
 *  8|             acknowledgment number              |
 * 12|offset| 0 |   flags    |         window         |
 * 16|       checksum        |     urgent pointer     |
 * </pre>
 */
public final class TcpView {
    public static final int SOURCE_PORT = 0;
    public static final int DESTINATION_PORT = 2;
    public static final int SEQUENCE = 4;
    public static final int ACKNOWLEDGMENT = 8;
    public static final int DATA_OFFSET = 12;
    public static final int FLAGS = 13;
    public static final int WINDOW = 14;
    public static final int CHECKSUM = 16;

    /** A header without options, in bytes. */
    public static final int LEAST_HEADER_BYTES = 20;

    public static final int FIN = 0x01;
    public static final int SYN = 0x02;
    public static final int RST = 0x04;
    public static final int PSH = 0x08;
    public static final int ACK = 0x10;

    private long address;

    /** Views the header at an address; gives itself. */
    public TcpView wrap(long headerAddress) {
        address = headerAddress;
        return this;
    }

    public int sourcePort() {
        return Short.toUnsignedInt(Memory.getShortBe(address + SOURCE_PORT));
    }

    public int destinationPort() {
        return Short.toUnsignedInt(Memory.getShortBe(address + DESTINATION_PORT));
    }

    /** 0 to 2^32 − 1. */
    public long sequence() {
        return Integer.toUnsignedLong(Memory.getIntBe(address + SEQUENCE));
    }

    /** 0 to 2^32 − 1. */
    public long acknowledgment() {
        return Integer.toUnsignedLong(Memory.getIntBe(address + ACKNOWLEDGMENT));
    }

    /** Header and options, in bytes, as the header says. */
    public int headerBytes() {
        return ((Memory.getByte(address + DATA_OFFSET) >> 4) & 0xf) * 4;
    }

    /** Bits such as {@link #SYN}. */
    public int flags() {
        return Byte.toUnsignedInt(Memory.getByte(address + FLAGS));
    }

    /** As it stands, without scaling. */
    public int window() {
        return Short.toUnsignedInt(Memory.getShortBe(address + WINDOW));
    }

    public int checksum() {
        return Short.toUnsignedInt(Memory.getShortBe(address + CHECKSUM));
    }
}
