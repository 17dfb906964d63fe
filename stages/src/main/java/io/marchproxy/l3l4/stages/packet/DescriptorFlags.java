package io.marchproxy.l3l4.stages.packet;

/** Bits of {@link PacketDescriptor#flags()}. */
public final class DescriptorFlags {
    /** The route stage chose another backend than the flow had before: egress opens a new socket towards it. */
    public static final int REROUTED = 1;

    /** The first packet of its flow. */
    public static final int NEW_FLOW = 2;

    /** The packet waited in the shape stage. */
    public static final int WAS_HELD = 4;

    /** The queue that the packet waited in was congested, and its ends use ECN: it leaves with CE (RFC 3168). */
    public static final int CE_MARKED = 8;

    /** A whole IP packet, which the length counts with its headers; otherwise the bytes that a relay carries. Set by ingress. */
    public static final int IP_PACKET = 32;

    /** An IP packet whose headers make no sense. Set by ingress. */
    public static final int MALFORMED = 64;

    /** Its service or class has a guarantee, and it leaves beyond that: with what others do not use. */
    public static final int BORROWED = 128;

    private DescriptorFlags() {}
}
