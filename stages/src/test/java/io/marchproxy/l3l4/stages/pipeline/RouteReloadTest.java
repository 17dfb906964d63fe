package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.CandidateView;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Connects that are under way while a reload changes the backends. */
class RouteReloadTest {
    private final Bench bench = new Bench(TestSettings.initial());

    private void reload(List<Integer> backends) {
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(WEB, new BackendPool(backends, 3, SECOND_NS)));
        bench.send();
    }

    @Test
    void shouldNotTakeAnAnsweredConnectForOneThatWaitsWhenItsBackendReturns() {
        bench.open(WEB, 5000);
        assertEquals("forward OPEN ▶ P1 dscp 34 backend 1 new", bench.sendOne());
        long flowRef = bench.flowRef();
        reload(List.of(2, 3));
        bench.of(EventKind.CONNECTED, flowRef, TO_BACKEND);
        bench.send();
        bench.of(EventKind.CLOSED, flowRef, TO_BACKEND);
        bench.send();
        reload(List.of(1, 2, 3));
        bench.advanceTo(10 * SECOND_NS);

        CandidateView back = bench.pipeline.routes(WEB).candidates().getFirst();
        assertEquals(1, back.number());
        assertEquals(0, back.latencyNs(), "no connect waits there");
    }

    @Test
    void shouldNotTryABackendTwiceThatAReloadMoved() {
        reload(List.of(1, 2, 3));
        bench.open(WEB, 5000);
        assertEquals("forward OPEN ▶ P1 dscp 34 backend 1 new", bench.sendOne());
        long flowRef = bench.flowRef();
        reload(List.of(3, 1, 2));
        bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 3", bench.sendOne());
        bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 2", bench.sendOne());
    }
}
