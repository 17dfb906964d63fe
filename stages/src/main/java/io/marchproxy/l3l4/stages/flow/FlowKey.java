package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * What tells flows apart, as a value for status pages, commands and tests; the packet path compares fields in place.
 *
 * @param protocol IP protocol number
 * @param ipVersion 4 or 6
 * @param service number of the service
 * @param clientHigh first 64 bits of the client's address; 0 for IPv4
 * @param clientLow last 64 bits, or the 32 bits of IPv4
 * @param clientPort 0 to 65,535
 * @param listenerHigh first 64 bits of the address that the client wrote to; 0 for IPv4
 * @param listenerLow last 64 bits, or the 32 bits of IPv4
 * @param listenerPort 0 to 65,535
 */
public record FlowKey(
        int protocol,
        int ipVersion,
        int service,
        long clientHigh,
        long clientLow,
        int clientPort,
        long listenerHigh,
        long listenerLow,
        int listenerPort) {
    /** The key of a packet that came from a client. */
    public static FlowKey of(PacketDescriptor fromClient) {
        return new FlowKey(
                fromClient.protocol(),
                fromClient.ipVersion(),
                fromClient.service(),
                fromClient.sourceHigh(),
                fromClient.sourceLow(),
                fromClient.sourcePort(),
                fromClient.destinationHigh(),
                fromClient.destinationLow(),
                fromClient.destinationPort());
    }

    /** The key in the flow entry at an address. */
    public static FlowKey of(long entry) {
        return new FlowKey(
                FlowEntry.protocol(entry),
                Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.IP_VERSION)),
                FlowEntry.service(entry),
                Memory.getLong(entry + FlowLayout.CLIENT_HIGH),
                Memory.getLong(entry + FlowLayout.CLIENT_LOW),
                Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.CLIENT_PORT)),
                Memory.getLong(entry + FlowLayout.LISTENER_HIGH),
                Memory.getLong(entry + FlowLayout.LISTENER_LOW),
                Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.LISTENER_PORT)));
    }
}
