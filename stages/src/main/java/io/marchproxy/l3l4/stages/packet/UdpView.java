package io.marchproxy.l3l4.stages.packet;

/**
 * A view of a UDP header (RFC 768) in place. Nothing is checked here: {@link IpPacket} says first whether it is whole.
 *
 * <pre>
 *  0|      source port      |    destination port    |
 *  4|        length         |        checksum        |
 * </pre>
 */
public final class UdpView {
    public static final int SOURCE_PORT = 0;
    public static final int DESTINATION_PORT = 2;
    public static final int LENGTH = 4;
    public static final int CHECKSUM = 6;

    /** The header, in bytes. */
    public static final int HEADER_BYTES = 8;

    private long address;

    /** Views the header at an address; gives itself. */
    public UdpView wrap(long headerAddress) {
        address = headerAddress;
        return this;
    }

    public int sourcePort() {
        return Short.toUnsignedInt(Memory.getShortBe(address + SOURCE_PORT));
    }

    public int destinationPort() {
        return Short.toUnsignedInt(Memory.getShortBe(address + DESTINATION_PORT));
    }

    /** Header and payload, in bytes, as the header says. */
    public int lengthBytes() {
        return Short.toUnsignedInt(Memory.getShortBe(address + LENGTH));
    }

    /** 0 says that the sender made none, which IPv4 alone allows. */
    public int checksum() {
        return Short.toUnsignedInt(Memory.getShortBe(address + CHECKSUM));
    }
}
