package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** A rule in words, by which it is the same rule wherever it stands among others. */
final class RuleText {
    private static final int ANY = -1;
    private static final int LAST_PORT = 65_535;
    private static final int IPV6 = 6;

    private RuleText() {}

    static String of(ClassifyRule rule) {
        StringJoiner text = new StringJoiner(" ");
        if (rule.protocol() >= 0) {
            text.add(
                    switch (rule.protocol()) {
                        case 6 -> "tcp";
                        case 17 -> "udp";
                        default -> "protocol " + rule.protocol();
                    });
        }
        if (rule.service() != null) {
            text.add("service " + rule.service());
        }
        AddressPrefix source = rule.source();
        if (source != null) {
            text.add("source " + prefix(source));
        }
        AddressPrefix destination = rule.destination();
        if (destination != null) {
            text.add("destination " + prefix(destination));
        }
        ports(text, "source-port", rule.sourcePortLow(), rule.sourcePortHigh());
        ports(text, "destination-port", rule.destinationPortLow(), rule.destinationPortHigh());
        if (rule.dscp() >= 0) {
            text.add("dscp " + rule.dscp());
        }
        range(text, "length", rule.length());
        range(text, "client-flows", rule.clientFlows());
        String conditions = text.length() == 0 ? "any" : text.toString();
        String dscp = switch (rule.egressDscp()) {
            case ANY -> "";
            case PacketDescriptor.DSCP_PRESERVE -> ", dscp as it came";
            default -> ", dscp " + rule.egressDscp();
        };
        return conditions + ": P" + rule.trafficClass() + dscp;
    }

    private static void ports(StringJoiner text, String name, int low, int high) {
        if (low >= 0 && (low > 0 || high < LAST_PORT)) {
            text.add(name + " " + (low == high ? Integer.toString(low) : low + "-" + high));
        }
    }

    private static void range(StringJoiner text, String name, @Nullable NumberRange range) {
        if (range != null) {
            text.add(name + " " + range.low() + (range.high() == range.low() ? "" : "-")
                    + (range.high() == range.low() || range.high() == Integer.MAX_VALUE ? "" : range.high()));
        }
    }

    private static String prefix(AddressPrefix prefix) {
        byte[] bytes = prefix.ipVersion() == IPV6
                ? ByteBuffer.allocate(2 * Long.BYTES)
                        .putLong(prefix.high())
                        .putLong(prefix.low())
                        .array()
                : ByteBuffer.allocate(Integer.BYTES).putInt((int) prefix.low()).array();
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + prefix.length();
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
    }
}
