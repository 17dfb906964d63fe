package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Retries in pools that are larger than the mask of the tried. */
class RouteRetryTest {
    private static final int BACKENDS = 150;
    private static final int TRIES = 4;
    private static final int CONNECTIONS = 60;

    private static Bench bench(RouteChoice choice) {
        List<PoolMember> members = IntStream.range(0, BACKENDS)
                .mapToObj(i -> new PoolMember(
                        i, i * 0x9E3779B97F4A7C15L, true, 1, 0, BACKENDS - i, 0, BACKENDS - i, BACKENDS - i))
                .toList();
        return new Bench(TestSettings.with(WEB, new BackendPool(members, choice, TRIES, SECOND_NS)));
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldTryAnotherBackendEachTimeWhereverItStands(RouteAlgorithm algorithm) {
        retry(bench(RouteChoice.of(algorithm)));
        retry(bench(RouteChoice.of(algorithm).withSticky(true)));
    }

    private static void retry(Bench bench) {
        for (int port = 5000; port < 5000 + CONNECTIONS; port++) {
            bench.open(WEB, port);
            bench.event.sourceLow(bench.event.sourceLow() + port);
            bench.send();
            long flowRef = bench.flowRef();
            Set<Integer> tried = new HashSet<>();
            for (int i = 1; i < TRIES; i++) {
                int backend = FlowEntry.backend(bench.flows.entry(flowRef));
                assertTrue(tried.add(backend), "again to " + backend + " after " + tried);
                bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
                bench.send();
            }
            int last = FlowEntry.backend(bench.flows.entry(flowRef));
            assertTrue(tried.add(last), "again to " + last + " after " + tried);
        }
    }
}
