package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.DNS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each service has its own chance: what another does, or would do under other settings, changes nothing of it. */
class RouteChanceTest {
    private static final RouteChoice BY_CHANCE = RouteChoice.of(RouteAlgorithm.LATENCY);

    private static Bench bench(RouteChoice ofDns) {
        List<BackendPool> pools = new ArrayList<>(TestSettings.pools());
        pools.set(WEB, new BackendPool(members(1, 2, 3), BY_CHANCE, 1, SECOND_NS));
        pools.set(DNS, new BackendPool(members(10, 11, 12), ofDns, 1, SECOND_NS));
        return new Bench(TestSettings.of(1, TestSettings.services(), pools));
    }

    private static List<PoolMember> members(Integer... numbers) {
        return Stream.of(numbers).map(PoolMember::new).toList();
    }

    /** What becomes of connections to one service, with a session of another between each two. */
    private static List<String> connections(Bench bench) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            bench.open(WEB, 5000 + i);
            all.add(bench.sendOne());
            bench.datagram(DNS, 100, 20);
            bench.send();
            bench.after(40 * SECOND_NS);
            bench.advanceTo(bench.nowNs());
        }
        return all;
    }

    @Test
    void shouldNotDrawFromAnothersChance() {
        List<String> before = connections(bench(BY_CHANCE));

        assertEquals(before, connections(bench(RouteChoice.DEFAULT)));
        assertEquals(3, before.stream().distinct().count(), "it is chance that chooses: " + before);
    }
}
