package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** What rules are asked about: a flow from its client's side, and one of its packets. Reused; one thread. */
final class RuleQuery {
    /** Length of what has none: no range of lengths has it. */
    static final int NO_LENGTH = -1;

    int ipVersion;
    long sourceHigh;
    long destinationHigh;

    /** By the ordinal of a {@link Dimension}; of addresses the last 64 bits, or the 32 bits of IPv4. */
    final long[] values = new long[Dimension.COUNT];

    int clientFlows;

    /** Of a packet from a client. */
    void flow(PacketDescriptor fromClient) {
        ipVersion = fromClient.ipVersion();
        sourceHigh = fromClient.sourceHigh();
        destinationHigh = fromClient.destinationHigh();
        values[Dimension.SOURCE.ordinal()] = fromClient.sourceLow();
        values[Dimension.DESTINATION.ordinal()] = fromClient.destinationLow();
        values[Dimension.SOURCE_PORT.ordinal()] = fromClient.sourcePort();
        values[Dimension.DESTINATION_PORT.ordinal()] = fromClient.destinationPort();
        values[Dimension.PROTOCOL.ordinal()] = fromClient.protocol();
    }

    /** Of the flow in an entry. */
    void flow(long entry) {
        ipVersion = Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.IP_VERSION));
        sourceHigh = Memory.getLong(entry + FlowLayout.CLIENT_HIGH);
        destinationHigh = Memory.getLong(entry + FlowLayout.LISTENER_HIGH);
        values[Dimension.SOURCE.ordinal()] = Memory.getLong(entry + FlowLayout.CLIENT_LOW);
        values[Dimension.DESTINATION.ordinal()] = Memory.getLong(entry + FlowLayout.LISTENER_LOW);
        values[Dimension.SOURCE_PORT.ordinal()] = Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.CLIENT_PORT));
        values[Dimension.DESTINATION_PORT.ordinal()] =
                Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.LISTENER_PORT));
        values[Dimension.PROTOCOL.ordinal()] = FlowEntry.protocol(entry);
    }

    /** Of one of its packets; a run of datagrams is as long as each of them. */
    void packet(PacketDescriptor packet) {
        packet(packet.ingressDscp(), packet.packets() > 1 ? packet.segmentBytes() : packet.lengthBytes());
    }

    void packet(int dscp, int lengthBytes) {
        values[Dimension.DSCP.ordinal()] = dscp;
        values[Dimension.LENGTH.ordinal()] = lengthBytes;
    }

    long value(Dimension dimension) {
        return values[dimension.ordinal()];
    }

    /** The first 64 bits of what a dimension is about; 0 for all but IPv6 addresses. */
    long high(Dimension dimension) {
        return switch (dimension) {
            case SOURCE -> sourceHigh;
            case DESTINATION -> destinationHigh;
            default -> 0;
        };
    }
}
