package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.RuleSettings;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns configured rules into what the classify stage matches with. */
final class RuleCompiler {
    private static final int ANY = -1;
    private static final int LAST_PORT = 65_535;

    private RuleCompiler() {}

    static List<ClassifyRule> compile(List<RuleSettings> rules) {
        return rules.stream().map(RuleCompiler::compile).toList();
    }

    private static ClassifyRule compile(RuleSettings rule) {
        RuleSettings.PortRange sources = rule.sourcePorts();
        RuleSettings.PortRange destinations = rule.destinationPorts();
        return new ClassifyRule(
                rule.protocol() == null ? ANY : rule.protocol().number(),
                rule.service(),
                prefix(rule.source()),
                prefix(rule.destination()),
                sources == null ? ANY : sources.low(),
                sources == null ? LAST_PORT : sources.high(),
                destinations == null ? ANY : destinations.low(),
                destinations == null ? LAST_PORT : destinations.high(),
                rule.dscp(),
                rule.trafficClass().ordinal(),
                rule.setDscp(),
                range(rule.length()),
                range(rule.clientFlows()));
    }

    private static @Nullable NumberRange range(RuleSettings.@Nullable Range range) {
        return range == null ? null : new NumberRange(range.low(), range.high());
    }

    private static @Nullable AddressPrefix prefix(@Nullable IpPrefix prefix) {
        if (prefix == null) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(prefix.network().getAddress());
        return bytes.remaining() == Integer.BYTES
                ? new AddressPrefix(4, 0, Integer.toUnsignedLong(bytes.getInt()), prefix.length())
                : new AddressPrefix(6, bytes.getLong(), bytes.getLong(), prefix.length());
    }
}
