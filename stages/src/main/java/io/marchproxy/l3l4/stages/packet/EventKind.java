package io.marchproxy.l3l4.stages.packet;

/**
 * What a descriptor tells a shard. Traffic and everything from outside that a decision may depend on come through the same
 * ring in one order, which is what makes a replay exact.
 */
public enum EventKind {
    /**
     * Bytes of a TCP flow, a UDP datagram (or a run of them), or an IP packet ({@link DescriptorFlags#IP_PACKET}), whose
     * direction is always towards the backend: each way of a conversation is a flow of its own. Argument 0, of an IP packet: how
     * many of its bytes were not captured.
     */
    DATA,
    /** A client's TCP connection was accepted and its address is known. Argument 0: refusal, a {@code DropReason} ordinal + 1, or 0. */
    OPEN,
    /** The connect to the chosen backend succeeded. */
    CONNECTED,
    /** The connect to the chosen backend failed; another may be tried. Argument 0: errno, or 0 for a time-out. */
    CONNECT_FAILED,
    /** The sender of {@code direction} has ended its half of the stream. */
    FIN,
    /** The sender of {@code direction} has reset the connection. */
    RESET,
    /** The transport has closed the flow's sockets; nothing more will come of it. */
    CLOSED,
    /** The receiver of {@code direction} takes no more (argument 0 = 1) or takes again (argument 0 = 0). */
    BACKPRESSURE,
    /** An ICMP error came for a datagram of this flow towards {@code direction}. Argument 0: errno. */
    ICMP_ERROR,
    /** Nothing but time has passed. */
    TICK,
    /** A new configuration snapshot takes effect; it is the descriptor's attachment. Argument 0: its version. */
    CONFIG,
    /** A backend's health flipped. Backend field: its index; argument 0: 1 healthy, 0 not. */
    HEALTH,
    /**
     * This shard's share of a limit of the whole service. Argument 1 = 0: of a service's session cap (service field), argument 0:
     * sessions. Otherwise of a rate, as {@code ShareOf} says.
     */
    QUOTA,
    /** Copy the books as of now into the attachment. Passes through to the output, which does it. */
    SNAPSHOT,
    /**
     * A UDP session of before this start, as the durable flow state has it; only before any traffic. Addresses, ports and service
     * as its client's datagrams have them. Backend: where it was, or none that is known now; argument 0: how many such events
     * there are, this one included; segment bytes: packets dropped; payload: what {@code FlowLayout.REMEMBERED} says.
     */
    RESTORE,
    /**
     * What probing a backend found. Backend field: its index; argument 0: round trip of the last probe in nanoseconds, 0 when it
     * had no answer; argument 1: loss over the window in parts per million.
     */
    MEASURED,
    /** This shard's share of what a backend may have. Backend field: its index; argument 0: connections and sessions. */
    ROOM,
    /**
     * What of a service's daily budget was spent elsewhere: by other shards, and before a restart. Service field; argument 0: bits of
     * the sum, a double; argument 1: the day that it was spent on, in days since 1970 (UTC).
     */
    SPENT;

    private static final EventKind[] VALUES = values();

    /** The kind with this ordinal, without the copy that {@code values()} makes. */
    public static EventKind of(int ordinal) {
        return VALUES[ordinal];
    }
}
