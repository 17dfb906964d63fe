package io.marchproxy.l3l4.stages.route;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which of a service's gateways a destination leads to. The prefixes stand in it as one text, for the sake of journals: a million of
 * them, each a record, would take a minute to read.
 *
 * @param packed all prefixes, as {@link PackedPrefixes} has them
 * @param sets by number, as the prefixes name them
 * @param routing what is looked up; follows from the others and the pool's members
 */
public record PrefixRoutes(
        String packed, List<GatewaySet> sets, @Nullable PrefixRouting routing) {
    public PrefixRoutes {
        sets = List.copyOf(sets);
    }

    /** The routes of a list of prefixes. */
    public static PrefixRoutes of(PrefixList prefixes, List<GatewaySet> sets) {
        return of(prefixes, sets, TableMemory.PLAIN);
    }

    /** The routes of a list of prefixes, looked up in memory of some kind. */
    public static PrefixRoutes of(PrefixList prefixes, List<GatewaySet> sets, TableMemory memory) {
        PrefixRouting routing = new PrefixRouting(new PrefixTable(prefixes, memory), List.of());
        return new PrefixRoutes(PackedPrefixes.write(prefixes), sets, routing);
    }

    /** The same as routes of a pool. */
    PrefixRoutes of(List<PoolMember> members, RouteChoice choice) {
        PrefixTable table = routing == null ? new PrefixTable(PackedPrefixes.read(packed)) : routing.table();
        for (int i = 0; i < table.prefixes().size(); i++) {
            Objects.checkIndex(table.setOf(i), sets.size());
        }
        List<BackendPool> pools = sets.stream()
                .map(set ->
                        new BackendPool(set.members().stream().map(members::get).toList(), choice, 1, 0))
                .toList();
        return new PrefixRoutes(packed, sets, new PrefixRouting(table, pools));
    }
}
