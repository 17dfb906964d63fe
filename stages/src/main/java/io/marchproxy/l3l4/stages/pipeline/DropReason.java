package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.Locale;

/** Why a packet, or the bytes of a connection, went no further. Each is counted per service and class, and shown. */
public enum DropReason {
    RING_FULL("The shard's ring had no free slot"),
    TRUNCATED("No buffer of the datagram's length was free"),
    OVERSIZED("The datagram is longer than the path towards the receiver takes"),
    MALFORMED("A header's length or version is wrong"),
    NO_SERVICE("No service listens for it"),
    FLOW_TABLE_FULL("The flow table is full"),
    SESSION_CAP("The service has as many UDP sessions as it may have"),
    CONNECTION_CAP("The service has as many connections as it may have"),
    ACCEPT_RATE("The client opens connections faster than it may"),
    BAD_PROXY_HEADER("The PROXY protocol header is missing, broken or late"),
    NO_HEALTHY_BACKEND("No backend of the service is healthy"),
    CONNECT_FAILED("No backend accepted the connection within the tries and the time allowed"),
    QUEUE_FULL("The class's queue is full"),
    FLOW_GONE("The flow ended before the packet was handled"),
    RESET("The connection was reset with bytes still to be delivered"),
    BACKEND_UNREACHABLE("The backend's host answered that nobody listens (ICMP)"),
    SEND_FAILED("The kernel refused to send"),
    DRAINING("The service is shutting down"),
    QUEUE_DELAY("Its client's packets have waited too long for too long (CoDel)"),
    BACKENDS_FULL("Every backend that may be used has as many flows as it may have"),
    POLICED("The packet exceeds the rate that its rule polices to"),
    NO_ROUTE("No gateway has a prefix for the destination");

    private static final DropReason[] VALUES = values();

    private final String sentence;

    DropReason(String sentence) {
        this.sentence = sentence;
    }

    /** What the reason means, as a sentence without its full stop. */
    public String sentence() {
        return sentence;
    }

    /** The reason's name in metrics and JSON, such as {@code session-cap}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** How many reasons there are. */
    public static int count() {
        return VALUES.length;
    }

    /** The reason with this ordinal, without the copy that {@code values()} makes. */
    public static DropReason of(int ordinal) {
        return VALUES[ordinal];
    }

    /** The reason that was written into a dropped packet's descriptor. */
    public static DropReason in(PacketDescriptor packet) {
        return VALUES[Memory.getByte(packet.address() + DescriptorLayout.DROP_REASON)];
    }

    /** Writes this reason into a descriptor, and says that the packet goes no further. */
    public Verdict drop(PacketDescriptor packet) {
        Memory.putByte(packet.address() + DescriptorLayout.DROP_REASON, (byte) ordinal());
        return Verdict.DROP;
    }
}
