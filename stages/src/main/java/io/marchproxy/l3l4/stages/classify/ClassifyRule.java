package io.marchproxy.l3l4.stages.classify;

import org.jspecify.annotations.Nullable;

/**
 * One classification rule; a condition that is absent (null or −1) always holds. Matched against the client's side of a
 * flow: source is the client, destination the listener.
 *
 * @param protocol IP protocol number, or −1
 * @param service name of a service, or null
 * @param source client prefix, or null
 * @param destination listener prefix, or null
 * @param sourcePortLow first port of the range, or −1
 * @param destinationPortLow first port of the range, or −1
 * @param dscp code point that the packet came with, or −1
 * @param trafficClass 0 to 3
 * @param egressDscp code point to set instead of the class's own, or −1
 * @param length bytes of a datagram's content or of an IP packet, or null; a stream has none that would match
 * @param clientFlows connections and UDP sessions that the client's address has open besides the one at hand, or null
 */
public record ClassifyRule(
        int protocol,
        @Nullable String service,
        @Nullable AddressPrefix source,
        @Nullable AddressPrefix destination,
        int sourcePortLow,
        int sourcePortHigh,
        int destinationPortLow,
        int destinationPortHigh,
        int dscp,
        int trafficClass,
        int egressDscp,
        @Nullable NumberRange length,
        @Nullable NumberRange clientFlows) {
    /** A rule that says nothing of lengths and counts. */
    public ClassifyRule(
            int protocol,
            @Nullable String service,
            @Nullable AddressPrefix source,
            @Nullable AddressPrefix destination,
            int sourcePortLow,
            int sourcePortHigh,
            int destinationPortLow,
            int destinationPortHigh,
            int dscp,
            int trafficClass,
            int egressDscp) {
        this(
                protocol,
                service,
                source,
                destination,
                sourcePortLow,
                sourcePortHigh,
                destinationPortLow,
                destinationPortHigh,
                dscp,
                trafficClass,
                egressDscp,
                null,
                null);
    }

    /** Whether it may hold for one packet of a flow and not for another. */
    public boolean isPerPacket() {
        return dscp >= 0 || length != null;
    }
}
