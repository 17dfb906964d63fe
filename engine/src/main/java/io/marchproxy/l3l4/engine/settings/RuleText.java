package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.value.AddressText;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** A rule in words, by which it is the same rule wherever it stands among others, and over reloads. */
public final class RuleText {
    private static final int ANY = -1;
    private static final int LAST_PORT = 65_535;

    private RuleText() {}

    /** What matches, and what becomes of it. */
    public static String of(ClassifyRule rule) {
        String dscp = switch (rule.egressDscp()) {
            case ANY -> "";
            case PacketDescriptor.DSCP_PRESERVE -> ", dscp as it came";
            default -> ", dscp " + rule.egressDscp();
        };
        return conditions(rule) + ": P" + rule.trafficClass() + dscp;
    }

    /** What matches. */
    public static String conditions(ClassifyRule rule) {
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
        return text.length() == 0 ? "any" : text.toString();
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
        return AddressText.of(prefix.ipVersion(), prefix.high(), prefix.low()) + "/" + prefix.length();
    }
}
