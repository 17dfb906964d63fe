package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.Arrays;
import java.util.List;

/**
 * The rules that can match packets of one service, laid out as arrays of numbers and scanned in order. Only a flow's first
 * packet asks; rules whose service or protocol is another's were left out when the table was made.
 */
final class RuleTable {
    /** Answer of {@link #firstMatch} when no rule matches. */
    static final int NO_MATCH = -1;

    private static final int ANY = -1;
    private static final int HIGHEST_PORT = 65_535;

    private final int[] rules;
    private final int[] protocols;
    private final Prefixes sources;
    private final Prefixes destinations;
    private final int[] sourcePortLow;
    private final int[] sourcePortHigh;
    private final int[] destinationPortLow;
    private final int[] destinationPortHigh;
    private final int[] dscp;
    private final int[] trafficClass;
    private final int[] egressDscp;

    RuleTable(ServiceProfile service, List<ClassifyRule> all) {
        int[] matching = new int[all.size()];
        int count = 0;
        for (int i = 0; i < all.size(); i++) {
            if (concerns(all.get(i), service)) {
                matching[count++] = i;
            }
        }
        rules = Arrays.copyOf(matching, count);
        protocols = new int[count];
        sources = new Prefixes(count);
        destinations = new Prefixes(count);
        sourcePortLow = new int[count];
        sourcePortHigh = new int[count];
        destinationPortLow = new int[count];
        destinationPortHigh = new int[count];
        dscp = new int[count];
        trafficClass = new int[count];
        egressDscp = new int[count];
        for (int i = 0; i < count; i++) {
            compile(i, all.get(rules[i]));
            // Where one protocol alone comes, it was asked for when the rules were chosen.
            protocols[i] = service.carries() == 0 ? all.get(rules[i]).protocol() : ANY;
        }
    }

    private static boolean concerns(ClassifyRule rule, ServiceProfile service) {
        return (rule.protocol() == ANY || service.carries() == 0 || rule.protocol() == service.carries())
                && (rule.service() == null || rule.service().equals(service.name()));
    }

    private void compile(int i, ClassifyRule rule) {
        sources.set(i, rule.source());
        destinations.set(i, rule.destination());
        sourcePortLow[i] = Math.max(rule.sourcePortLow(), 0);
        sourcePortHigh[i] = rule.sourcePortLow() == ANY ? HIGHEST_PORT : rule.sourcePortHigh();
        destinationPortLow[i] = Math.max(rule.destinationPortLow(), 0);
        destinationPortHigh[i] = rule.destinationPortLow() == ANY ? HIGHEST_PORT : rule.destinationPortHigh();
        dscp[i] = rule.dscp();
        trafficClass[i] = rule.trafficClass();
        egressDscp[i] = rule.egressDscp() == ANY ? PacketDescriptor.DSCP_UNCHANGED : rule.egressDscp();
    }

    /** The place within this table of the first rule that matches a packet from a client, or {@link #NO_MATCH}. */
    int firstMatch(PacketDescriptor packet) {
        int protocol = packet.protocol();
        int version = packet.ipVersion();
        long sourceHigh = packet.sourceHigh();
        long sourceLow = packet.sourceLow();
        long destinationHigh = packet.destinationHigh();
        long destinationLow = packet.destinationLow();
        int sourcePort = packet.sourcePort();
        int destinationPort = packet.destinationPort();
        int ingressDscp = packet.ingressDscp();
        for (int i = 0; i < rules.length; i++) {
            if (sourcePort >= sourcePortLow[i]
                    && sourcePort <= sourcePortHigh[i]
                    && destinationPort >= destinationPortLow[i]
                    && destinationPort <= destinationPortHigh[i]
                    && (protocols[i] == ANY || protocols[i] == protocol)
                    && (dscp[i] == ANY || dscp[i] == ingressDscp)
                    && sources.contains(i, version, sourceHigh, sourceLow)
                    && destinations.contains(i, version, destinationHigh, destinationLow)) {
                return i;
            }
        }
        return NO_MATCH;
    }

    /** The index among all rules of the rule at a place of this table. */
    int rule(int match) {
        return rules[match];
    }

    int trafficClass(int match) {
        return trafficClass[match];
    }

    /** The code point that the rule asks for, or {@code DSCP_UNCHANGED}. */
    int egressDscp(int match) {
        return egressDscp[match];
    }
}
