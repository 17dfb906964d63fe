package io.marchproxy.l3l4.stages.packet;

/** Values of the two bits that an IP header has for explicit congestion notification (RFC 3168, 5). */
public final class Ecn {
    /** The ends of the transport do not use it: congestion is told by a drop. */
    public static final int NOT_CAPABLE = 0;

    /** ECT(1). Marked as ECT(0) is: the queues here are none of those that RFC 9331 has in mind. */
    public static final int CAPABLE_1 = 1;

    /** ECT(0). */
    public static final int CAPABLE_0 = 2;

    /** CE: a queue on the way was congested. */
    public static final int CONGESTION_EXPERIENCED = 3;

    /** The bits. */
    public static final int MASK = 3;

    private Ecn() {}
}
