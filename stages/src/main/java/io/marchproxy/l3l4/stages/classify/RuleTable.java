package io.marchproxy.l3l4.stages.classify;

import java.util.Arrays;
import java.util.List;

/**
 * The rules of one service: those that name it, and those that name none. What a flow's key decides is found once for a flow
 * ({@link #firstOfFlow}); whether rules before that look at single packets as well ({@link #looksAtPackets}) decides whether each packet
 * asks for them ({@link #firstMatch}). Immutable; any thread.
 */
final class RuleTable {
    /** Answer when no rule matches: no rule stands there. */
    static final int NO_MATCH = Integer.MAX_VALUE;

    private final List<Rules> all;
    private final boolean asksForPackets;

    RuleTable(List<Rules> all) {
        this.all = List.copyOf(all);
        asksForPackets = all.stream().anyMatch(rules -> rules.perPacket > 0);
    }

    /** The first rule that looks at flows alone and matches. */
    int firstOfFlow(RuleQuery query) {
        int best = NO_MATCH;
        for (int i = 0; i < all.size(); i++) {
            best = all.get(i).ofFlow.firstMatch(query, best);
        }
        return best;
    }

    /** Whether a rule that stands before one, and looks at packets, would match some packet of a flow. */
    boolean looksAtPackets(RuleQuery query, int before) {
        if (asksForPackets) {
            for (int i = 0; i < all.size(); i++) {
                if (all.get(i).flowsOfPackets.firstMatch(query, before) < before) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * The first rule that matches a packet.
     *
     * @param ofFlow what {@link #firstOfFlow} has said of its flow
     */
    int firstMatch(RuleQuery query, int ofFlow) {
        int best = ofFlow;
        if (asksForPackets) {
            for (int i = 0; i < all.size(); i++) {
                best = all.get(i).ofPackets.firstMatch(query, best);
            }
        }
        return best;
    }

    /** Rules that are of one service, or of any. */
    static final class Rules {
        final RuleTree ofFlow;
        final RuleTree flowsOfPackets;
        final RuleTree ofPackets;
        final int perPacket;

        Rules(List<ClassifyRule> rules, RuleColumns columns, int[] places) {
            int[] forFlows = Arrays.stream(places)
                    .filter(place -> !rules.get(place).isPerPacket())
                    .toArray();
            int[] forPackets = Arrays.stream(places)
                    .filter(place -> rules.get(place).isPerPacket())
                    .toArray();
            perPacket = forPackets.length;
            ofFlow = new RuleTree(rules, columns, forFlows, true);
            flowsOfPackets = new RuleTree(rules, columns, forPackets, true);
            ofPackets = new RuleTree(rules, columns, forPackets, false);
        }

        long bytes() {
            return ofFlow.bytes() + flowsOfPackets.bytes() + ofPackets.bytes();
        }
    }
}
