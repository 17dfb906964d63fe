package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks the rules which class and code point a flow and its packets have. The first packet's answer stays with the flow until other
 * rules come into force; only where a rule that stands before the one that matched looks at lengths or code points, each packet is
 * looked at; a stream is not, all of it has one class. One thread.
 *
 * <p>When other rules come into force, flows of which something waits are classified at once, with what waits of them, and all others
 * with their next packet. So what waits of a flow, in a direction, is always of the class that the flow's packets have, but where rules
 * look at packets: there one whose flow has others waiting in another class gets theirs.
 */
final class Classifier {
    private final ClassifyStage.Waiting waiting;
    private final RuleQuery query = new RuleQuery();
    private RuleList rules = RuleList.of(List.of());

    /** The first rule that looks at flows alone and matches the one that {@link #query} is about. */
    private int ofFlow;

    /** Null while no rule asks. */
    private @Nullable ClientFlows clientFlows;

    /** Since when these rules are in force: a flow that was last seen before was classified by others. */
    private long rulesSinceNs = Long.MIN_VALUE;

    Classifier(ClassifyStage.Waiting waiting) {
        this.waiting = waiting;
    }

    /**
     * Takes over rules; where these or services' classes are others, flows that are there are classified anew.
     *
     * @return whether they are others
     */
    boolean apply(RuleList next, boolean classesDiffer, long nowNs) {
        boolean isOther = classesDiffer || !next.equals(rules);
        if (isOther) {
            rulesSinceNs = nowNs;
        }
        rules = next;
        return isOther;
    }

    RuleList rules() {
        return rules;
    }

    /** Counts clients' flows once, where rules begin to ask for that; from then on they are counted as they come and go. */
    void countFlows(FlowTable flows, ServiceState[] services) {
        if (!rules.countsFlows()) {
            clientFlows = null;
        } else if (clientFlows == null) {
            clientFlows = ClientFlows.of(flows, services);
        }
    }

    /** A flow of a service has begun. */
    void begins(long entry, ServiceState service) {
        if (clientFlows != null && !service.profile().isIp()) {
            clientFlows.add(entry);
        }
    }

    /** A flow of a service ends. */
    void ends(long entry, ServiceState service) {
        if (clientFlows != null && !service.profile().isIp()) {
            clientFlows.remove(entry);
        }
    }

    /** Writes into a packet that would begin a flow what rules and service say of it. */
    void ask(PacketDescriptor packet, ServiceState service) {
        RuleTable table = service.rules();
        query.flow(packet);
        ClientFlows counted = clientFlows;
        query.clientFlows = counted == null || service.profile().isIp()
                ? 0
                : counted.count(packet.ipVersion(), packet.sourceHigh(), packet.sourceLow());
        look(packet, isStream(packet.protocol(), service.profile()));
        ofFlow = table.firstOfFlow(query);
        describe(packet, service, table.firstMatch(query, ofFlow));
    }

    private void look(PacketDescriptor packet, boolean isStream) {
        if (isStream) {
            query.packet(packet.ingressDscp(), RuleQuery.NO_LENGTH);
        } else {
            query.packet(packet);
        }
    }

    private static boolean isStream(int protocol, ServiceProfile profile) {
        return protocol == IpPacket.TCP && !profile.isIp();
    }

    private void describe(PacketDescriptor packet, ServiceState service, int match) {
        if (match == RuleTable.NO_MATCH) {
            packet.trafficClass(service.profile().defaultClass());
            packet.egressDscp(PacketDescriptor.DSCP_UNCHANGED);
            packet.rule(0);
        } else {
            ClassifyRule rule = rules.get(match);
            packet.trafficClass(rule.trafficClass());
            packet.egressDscp(egressDscp(rule));
            packet.rule(match + 1);
        }
    }

    private static int egressDscp(ClassifyRule rule) {
        return rule.egressDscp() < 0 ? PacketDescriptor.DSCP_UNCHANGED : rule.egressDscp();
    }

    /** Writes into a flow what the rules say of all its packets, or of its stream: the flow of what was last {@link #ask asked} for. */
    void classify(long entry, ServiceState service) {
        RuleTable table = service.rules();
        int match = ofFlow;
        boolean isStream = isStream(FlowEntry.protocol(entry), service.profile());
        boolean eachPacket = !isStream && table.looksAtPackets(query, match);
        match = isStream ? table.firstMatch(query, match) : match;
        if (match == RuleTable.NO_MATCH) {
            FlowEntry.classified(entry, service.profile().defaultClass(), PacketDescriptor.DSCP_UNCHANGED, 0);
        } else {
            ClassifyRule rule = rules.get(match);
            FlowEntry.classified(entry, rule.trafficClass(), egressDscp(rule), match + 1);
        }
        FlowEntry.marks(entry, eachPacket ? FlowLayout.EACH_PACKET : 0);
    }

    /** Whether a flow's packets are not simply what the flow is. */
    boolean looksAgain(long entry) {
        return FlowEntry.marks(entry) != 0 || FlowEntry.lastSeenNs(entry) <= rulesSinceNs;
    }

    /**
     * A packet of a flow that was classified by other rules, or whose rules look at packets. A flow of which something waits was
     * classified when the rules came, as what waits was ({@link #classifyAnew}), and is not again: clients' flows are others by now.
     */
    void lookAgain(PacketDescriptor packet, long entry, ServiceState service) {
        ClientFlows counted = clientFlows;
        query.flow(entry);
        query.clientFlows = counted == null || service.profile().isIp() ? 0 : counted.count(entry) - 1;
        if (FlowEntry.lastSeenNs(entry) <= rulesSinceNs && !waits(packet.flowRef())) {
            look(packet, isStream(FlowEntry.protocol(entry), service.profile()));
            ofFlow = service.rules().firstOfFlow(query);
            classify(entry, service);
            FlowEntry.describe(entry, packet);
        }
        if (FlowEntry.marks(entry) != 0) {
            if (packet.isData()) {
                query.packet(packet);
                int before = packet.rule() == 0 ? RuleTable.NO_MATCH : packet.rule() - 1;
                int match = service.rules().firstMatch(query, before);
                if (match != before) {
                    describe(packet, service, match);
                }
            }
            int waitsIn = waiting.trafficClass(packet.flowRef(), packet.isToBackend());
            if (waitsIn >= 0) {
                packet.trafficClass(waitsIn);
            }
        }
    }

    /**
     * Other rules than some before have just come, and a packet waits: it is what it would be if it came now. What a policer had to say
     * of it stays.
     */
    void classifyAnew(PacketDescriptor packet, long entry, ServiceState service, RuleList before) {
        int dscp = packet.egressDscp();
        boolean isRemarked = dscp
                != (packet.rule() == 0 ? PacketDescriptor.DSCP_UNCHANGED : egressDscp(before.get(packet.rule() - 1)));
        FlowEntry.describe(entry, packet);
        lookAgain(packet, entry, service);
        if (isRemarked) {
            packet.egressDscp(dscp);
        }
    }

    private boolean waits(long flowRef) {
        return waiting.trafficClass(flowRef, true) >= 0 || waiting.trafficClass(flowRef, false) >= 0;
    }

    void save(StateWriter to) {
        to.number(rulesSinceNs);
    }

    /** Takes over what was saved; clients' flows are to be counted again. */
    void restore(StateReader from) {
        rulesSinceNs = from.number();
        clientFlows = null;
    }
}
