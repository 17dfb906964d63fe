package io.marchproxy.l3l4.stages.classify;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All rules' conditions as arrays of numbers, by the rules' places in their order: so that to read one rule is to read a few
 * numbers, without a branch for each condition that is absent. Immutable; any thread.
 */
final class RuleColumns {
    private static final int ANY = -1;
    private static final int HIGHEST_PORT = 65_535;
    private static final int ANY_VERSION = 0;
    private static final int SOURCE = Dimension.SOURCE.ordinal();
    private static final int DESTINATION = Dimension.DESTINATION.ordinal();
    private static final int SOURCE_PORT = Dimension.SOURCE_PORT.ordinal();
    private static final int DESTINATION_PORT = Dimension.DESTINATION_PORT.ordinal();
    private static final int PROTOCOL = Dimension.PROTOCOL.ordinal();
    private static final int DSCP = Dimension.DSCP.ordinal();
    private static final int LENGTH = Dimension.LENGTH.ordinal();

    private final Prefixes sources;
    private final Prefixes destinations;

    /** Port from, port to, port from, port to; lengths and counts likewise. */
    private final int[] sourcePortLow;

    private final int[] sourcePortHigh;
    private final int[] destinationPortLow;
    private final int[] destinationPortHigh;
    private final int[] protocols;
    private final int[] dscps;
    private final int[] lengthLow;
    private final int[] lengthHigh;
    private final int[] flowsLow;
    private final int[] flowsHigh;

    RuleColumns(List<ClassifyRule> rules) {
        int count = rules.size();
        sources = new Prefixes(count);
        destinations = new Prefixes(count);
        sourcePortLow = new int[count];
        sourcePortHigh = new int[count];
        destinationPortLow = new int[count];
        destinationPortHigh = new int[count];
        protocols = new int[count];
        dscps = new int[count];
        lengthLow = new int[count];
        lengthHigh = new int[count];
        flowsLow = new int[count];
        flowsHigh = new int[count];
        for (int i = 0; i < count; i++) {
            set(i, rules.get(i));
        }
    }

    private void set(int i, ClassifyRule rule) {
        sources.set(i, rule.source());
        destinations.set(i, rule.destination());
        sourcePortLow[i] = Math.max(rule.sourcePortLow(), 0);
        sourcePortHigh[i] = rule.sourcePortLow() == ANY ? HIGHEST_PORT : rule.sourcePortHigh();
        destinationPortLow[i] = Math.max(rule.destinationPortLow(), 0);
        destinationPortHigh[i] = rule.destinationPortLow() == ANY ? HIGHEST_PORT : rule.destinationPortHigh();
        protocols[i] = rule.protocol();
        dscps[i] = rule.dscp();
        NumberRange length = rule.length();
        lengthLow[i] = length == null ? RuleQuery.NO_LENGTH : length.low();
        lengthHigh[i] = length == null ? Integer.MAX_VALUE : length.high();
        NumberRange flows = rule.clientFlows();
        flowsLow[i] = flows == null ? 0 : flows.low();
        flowsHigh[i] = flows == null ? Integer.MAX_VALUE : flows.high();
    }

    /** Whether all conditions of a rule hold. */
    boolean matches(int i, RuleQuery query) {
        long[] values = query.values;
        return (dscps[i] == ANY || dscps[i] == values[DSCP])
                && values[LENGTH] >= lengthLow[i]
                && values[LENGTH] <= lengthHigh[i]
                && matchesFlow(i, query);
    }

    /** Whether those conditions hold that are about a flow, and not about one of its packets. */
    boolean matchesFlow(int i, RuleQuery query) {
        long[] values = query.values;
        return values[SOURCE_PORT] >= sourcePortLow[i]
                && values[SOURCE_PORT] <= sourcePortHigh[i]
                && values[DESTINATION_PORT] >= destinationPortLow[i]
                && values[DESTINATION_PORT] <= destinationPortHigh[i]
                && (protocols[i] == ANY || protocols[i] == values[PROTOCOL])
                && sources.contains(i, query.ipVersion, query.sourceHigh, values[SOURCE])
                && destinations.contains(i, query.ipVersion, query.destinationHigh, values[DESTINATION])
                && query.clientFlows >= flowsLow[i]
                && query.clientFlows <= flowsHigh[i];
    }

    /** Bytes that a rule takes. */
    static int bytesPerRule() {
        return 10 * Integer.BYTES + 2 * (Integer.BYTES + 4 * Long.BYTES);
    }

    /** Address prefixes: a comparison is two exclusive-ors under two masks, without a branch per family. */
    private static final class Prefixes {
        private final int[] versions;
        private final long[] highs;
        private final long[] lows;
        private final long[] highMasks;
        private final long[] lowMasks;

        Prefixes(int count) {
            versions = new int[count];
            highs = new long[count];
            lows = new long[count];
            highMasks = new long[count];
            lowMasks = new long[count];
        }

        void set(int i, @Nullable AddressPrefix prefix) {
            if (prefix == null) {
                versions[i] = ANY_VERSION;
                return;
            }
            versions[i] = prefix.ipVersion();
            highs[i] = prefix.high();
            lows[i] = prefix.low();
            if (prefix.ipVersion() == 4) {
                lowMasks[i] = leadingOnes(32 + prefix.length()) & 0xffff_ffffL;
            } else {
                highMasks[i] = leadingOnes(Math.min(prefix.length(), 64));
                lowMasks[i] = leadingOnes(Math.max(prefix.length() - 64, 0));
            }
        }

        boolean contains(int i, int version, long high, long low) {
            if (versions[i] == ANY_VERSION) {
                return true;
            }
            return versions[i] == version
                    && (((high ^ highs[i]) & highMasks[i]) | ((low ^ lows[i]) & lowMasks[i])) == 0;
        }

        private static long leadingOnes(int count) {
            return count == 0 ? 0 : -1L << (64 - count);
        }
    }
}
