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
        int setDscp) {
    public RuleSettings {
        Ranges.check("match.dscp", dscp, -1, 63);
        if (setDscp != QosSettings.PRESERVE_DSCP) {
            Ranges.check("dscp", setDscp, -1, 63);
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
