package io.marchproxy.l3l4.config.settings;

import org.jspecify.annotations.Nullable;

/**
 * One classification rule; an absent condition always holds.
 *
 * @param protocol or null
 * @param service name of a service, or null
 * @param source prefix of the client, such as {@code 10.0.0.0/8}, or null
 * @param destination prefix of the address that the client wrote to, or null
 * @param sourcePorts or null
 * @param destinationPorts or null
 * @param dscp code point that the packet came with, 0 to 63, or −1
 * @param trafficClass that matching packets get
 * @param setDscp code point to leave with instead of the class's, 0 to 63, or {@link QosSettings#PRESERVE_DSCP}, or −1
 * @param length bytes of a datagram, or null
 * @param clientFlows connections and UDP sessions that the client's address has open, or null
 * @param police rate that matching packets are policed to, or null
 */
public record RuleSettings(
        @Nullable Protocol protocol,
        @Nullable String service,
        @Nullable IpPrefix source,
        @Nullable IpPrefix destination,
        @Nullable PortRange sourcePorts,
        @Nullable PortRange destinationPorts,
        int dscp,
        TrafficClass trafficClass,
        int setDscp,
        @Nullable Range length,
        @Nullable Range clientFlows,
        @Nullable PoliceSettings police) {
    public RuleSettings {
        Ranges.check("match.dscp", dscp, -1, 63);
        if (setDscp != QosSettings.PRESERVE_DSCP) {
            Ranges.check("dscp", setDscp, -1, 63);
        }
    }

    /** A rule that says nothing of lengths and counts, and does not police. */
    public RuleSettings(
            @Nullable Protocol protocol,
            @Nullable String service,
            @Nullable IpPrefix source,
            @Nullable IpPrefix destination,
            @Nullable PortRange sourcePorts,
            @Nullable PortRange destinationPorts,
            int dscp,
            TrafficClass trafficClass,
            int setDscp) {
        this(
                protocol,
                service,
                source,
                destination,
                sourcePorts,
                destinationPorts,
                dscp,
                trafficClass,
                setDscp,
                null,
                null,
                null);
    }

    /** Numbers from {@code low} to {@code high}, both included; {@code Integer.MAX_VALUE} for no end. */
    public record Range(int low, int high) {
        public Range {
            Ranges.check("range", low, 0, Integer.MAX_VALUE);
            Ranges.check("range", high, low, Integer.MAX_VALUE);
        }

        @Override
        public String toString() {
            return low == high ? Integer.toString(low) : low + "-" + (high == Integer.MAX_VALUE ? "" : high);
        }
    }

    /** Ports from {@code low} to {@code high}, both included. */
    public record PortRange(int low, int high) {
        public PortRange {
            Ranges.check("port", low, 0, 65_535);
            Ranges.check("port", high, low, 65_535);
        }
    }
}
