package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.engine.sys.CollectedMemory;
import io.marchproxy.l3l4.stages.route.GatewaySet;
import io.marchproxy.l3l4.stages.route.PrefixList;
import io.marchproxy.l3l4.stages.route.PrefixRoutes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prefixes and their gateways, as the route stage looks them up. What was compiled last is kept: a reload of other things costs
 * nothing then, and shards see at a glance that routes are the same. One thread.
 */
final class GatewayCompiler {
    private GatewayPrefixes last = GatewayPrefixes.NONE;
    private @Nullable PrefixRoutes lastRoutes;

    /**
     * Compiles a service's prefixes: about a second for a million.
     *
     * @return null when there are none
     */
    @Nullable
    PrefixRoutes compile(GatewayPrefixes prefixes) {
        if (!prefixes.equals(last)) {
            lastRoutes = prefixes.size() == 0 ? null : new Numbered().routes(prefixes);
            last = prefixes;
        }
        return lastRoutes;
    }

    /** Sets of gateways as they occur. */
    private static final class Numbered {
        private final Map<List<Integer>, Integer> numbers = new HashMap<>();
        private final List<GatewaySet> sets = new ArrayList<>();
        private final PrefixList.Builder list = new PrefixList.Builder();

        PrefixRoutes routes(GatewayPrefixes prefixes) {
            List<Integer> gateways = new ArrayList<>();
            for (int i = 0; i < prefixes.size(); i++) {
                gateways.add(prefixes.gateway(i));
                boolean isLast = i + 1 == prefixes.size() || !prefixes.isSameAsBefore(i + 1);
                if (isLast) {
                    list.add(prefixes.version(i), prefixes.high(i), prefixes.low(i), prefixes.length(i), set(gateways));
                    gateways.clear();
                }
            }
            return PrefixRoutes.of(list.build(), sets, CollectedMemory::allocate);
        }

        private int set(List<Integer> gateways) {
            Integer known = numbers.get(gateways);
            if (known == null) {
                known = sets.size();
                sets.add(new GatewaySet(gateways));
                numbers.put(List.copyOf(gateways), known);
            }
            return known;
        }
    }
}
