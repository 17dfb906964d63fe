package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.route.BackendPool;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The life of a TCP connection, from OPEN to CLOSED. */
class ConnectionTest {
    private final Bench bench = new Bench(TestSettings.initial());

    private long opened(int port) {
        bench.open(WEB, port);
        bench.send();
        return bench.flowRef();
    }

    private String connectFailed(long flowRef) {
        bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
        return bench.sendOne();
    }

    private void health(int backend, boolean healthy) {
        bench.make(EventKind.HEALTH, WEB);
        bench.event.backend(backend);
        bench.event.argument0(healthy ? 1 : 0);
        assertEquals(List.of(), bench.send());
        assertEquals(healthy, bench.pipeline.health().healthy(backend));
    }

    @Test
    void shouldKnowHowLongItsConnectTookAndWhatWasSeenOfIt() {
        long flowRef = opened(5000);
        bench.after(3_000);
        bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
        bench.send();
        bench.after(700);
        bench.of(EventKind.CONNECTED, flowRef, TO_BACKEND);
        bench.send();
        bench.after(100);
        bench.of(EventKind.FIN, flowRef, TO_CLIENT);
        bench.send();

        long entry = bench.flows.entry(flowRef);
        assertEquals(700, FlowEntry.connectNs(entry));
        assertEquals(TcpView.SYN | TcpView.ACK | TcpView.FIN, FlowEntry.tcpFlags(entry));
    }

    @Test
    void shouldLiveFromOpenToClosed() {
        long flowRef = opened(5000);
        bench.of(EventKind.CONNECTED, flowRef, TO_BACKEND);
        assertEquals("forward CONNECTED ▶ P1 dscp 34 backend 1", bench.sendOne());
        bench.of(EventKind.DATA, flowRef, TO_BACKEND).lengthBytes(100);
        assertEquals("forward DATA ▶ P1 dscp 34 backend 1 100 B", bench.sendOne());
        bench.of(EventKind.DATA, flowRef, TO_CLIENT).lengthBytes(5_000);
        assertEquals("forward DATA ◀ P1 dscp 34 backend 1 5000 B", bench.sendOne());
        bench.of(EventKind.FIN, flowRef, TO_BACKEND);
        assertEquals("forward FIN ▶ P1 dscp 34 backend 1", bench.sendOne());
        bench.of(EventKind.DATA, flowRef, TO_CLIENT).lengthBytes(7);
        assertEquals("forward DATA ◀ P1 dscp 34 backend 1 7 B", bench.sendOne());

        long entry = bench.flows.entry(flowRef);
        assertEquals(1, FlowEntry.packetsToBackend(entry));
        assertEquals(100, FlowEntry.bytesToBackend(entry));
        assertEquals(2, FlowEntry.packetsToClient(entry));
        assertEquals(5_007, FlowEntry.bytesToClient(entry));

        bench.of(EventKind.FIN, flowRef, TO_CLIENT);
        bench.send();
        bench.of(EventKind.CLOSED, flowRef, TO_BACKEND);
        assertEquals(List.of(), bench.send());
        assertEquals(0, bench.flows.size());
        assertEquals("CONSUMED CLOSED at 0", bench.journal().getLast());
    }

    @Test
    void shouldTakeBackendsInTurn() {
        for (int expected : new int[] {1, 2, 3, 1}) {
            opened(5000 + bench.flows.size());
            assertEquals(expected, bench.event.backend());
        }
    }

    @Test
    void shouldPassOverUnhealthyBackendsUntilTheyAreHealthyAgain() {
        health(2, false);
        for (int expected : new int[] {1, 3, 1}) {
            opened(5000 + bench.flows.size());
            assertEquals(expected, bench.event.backend());
        }
        health(2, true);
        opened(6000);
        assertEquals(2, bench.event.backend());
    }

    @Test
    void shouldRefuseConnectionsWhenNoBackendIsHealthy() {
        health(1, false);
        health(2, false);
        health(3, false);
        bench.open(WEB, 5000);

        assertEquals("drop NO_HEALTHY_BACKEND OPEN ▶ P1 dscp 34 new", bench.sendOne());
        assertEquals(0, bench.flows.size());
        assertEquals(1, bench.pipeline.books().inPackets(WEB, 1, TO_BACKEND));
        assertEquals(1, bench.pipeline.books().droppedPackets(WEB, 1, TO_BACKEND, DropReason.NO_HEALTHY_BACKEND));
    }

    @Test
    void shouldTryAnotherBackendAfterAFailedConnectUntilTriesAreUsedUp() {
        long flowRef = opened(5000);
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 2", connectFailed(flowRef));
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 3", connectFailed(flowRef));
        assertEquals("drop CONNECT_FAILED CONNECT_FAILED ▶ P1 dscp 34", connectFailed(flowRef));
        assertEquals(0, bench.flows.size());
        assertEquals(1, bench.pipeline.books().droppedPackets(WEB, 1, TO_BACKEND, DropReason.CONNECT_FAILED));
    }

    @Test
    void shouldNotTryABackendTwiceWhileThereAreUntriedOnes() {
        long first = opened(5000);
        opened(5001);
        opened(5002);
        // The turn is at backend 1 again, which the first connection has tried.
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 2", connectFailed(first));
        opened(5003);
        opened(5004);
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 3", connectFailed(first));
    }

    @Test
    void shouldTryTheSameAgainWhenThereIsNoOther() {
        health(2, false);
        health(3, false);
        long flowRef = opened(5000);
        assertEquals("forward CONNECT_FAILED ▶ P1 dscp 34 backend 1", connectFailed(flowRef));
        health(1, false);
        assertEquals("drop NO_HEALTHY_BACKEND CONNECT_FAILED ▶ P1 dscp 34", connectFailed(flowRef));
    }

    @Test
    void shouldSayHowMuchTimeIsLeftForConnecting() {
        long flowRef = opened(5000);
        assertEquals(5 * SECOND_NS, bench.event.argument1());
        bench.after(2 * SECOND_NS);
        connectFailed(flowRef);
        assertEquals(3 * SECOND_NS, bench.event.argument1());
        bench.after(3 * SECOND_NS);
        assertEquals("drop CONNECT_FAILED CONNECT_FAILED ▶ P1 dscp 34", connectFailed(flowRef));
    }

    @Test
    void shouldFreeTheFlowOnReset() {
        long flowRef = opened(5000);
        bench.of(EventKind.RESET, flowRef, TO_CLIENT);
        assertEquals("forward RESET ◀ P1 dscp 34 backend 1", bench.sendOne());
        assertEquals(0, bench.flows.size());

        bench.of(EventKind.DATA, flowRef, TO_BACKEND).lengthBytes(3);
        assertEquals("drop FLOW_GONE DATA ▶ P1 3 B", bench.sendOne());
        bench.of(EventKind.CLOSED, flowRef, TO_BACKEND);
        assertEquals(List.of(), bench.send());
    }

    @Test
    void shouldKeepAReusedPortApartFromTheConnectionBefore() {
        long old = opened(5000);
        long young = opened(5000);
        assertNotEquals(old, young);
        bench.of(EventKind.CLOSED, old, TO_BACKEND);
        bench.send();

        bench.of(EventKind.DATA, young, TO_CLIENT).lengthBytes(3);
        assertEquals("forward DATA ◀ P1 dscp 34 backend 2 3 B", bench.sendOne());
    }

    @Test
    void shouldRefuseConnectionsWhenTheFlowTableIsFull() {
        for (int i = 0; i < Bench.WHOLE_CAPACITY; i++) {
            opened(5000 + i);
        }
        bench.open(WEB, 9999);

        assertEquals("drop FLOW_TABLE_FULL OPEN ▶ P1", bench.sendOne());
        assertEquals(Bench.WHOLE_CAPACITY, bench.flows.size());
    }

    @Test
    void shouldEndAConnectionThatWasSilentTooLong() {
        long flowRef = opened(5000);
        bench.after(59 * SECOND_NS);
        bench.of(EventKind.DATA, flowRef, TO_CLIENT).lengthBytes(1);
        bench.send();
        assertEquals(List.of(), bench.advanceTo(118 * SECOND_NS));

        List<String> ended = bench.advanceTo(120 * SECOND_NS);

        assertEquals(List.of("end IDLE " + Long.toHexString(flowRef)), ended);
        assertEquals(0, bench.flows.size());
    }

    @Test
    void shouldKeepConnectionsWhereTheyAreAcrossAReload() {
        long flowRef = opened(5000);
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(WEB, new BackendPool(List.of(3, 7), 3, SECOND_NS)));
        assertEquals(List.of(), bench.send());
        assertEquals(2, bench.pipeline.settings().version());

        bench.of(EventKind.DATA, flowRef, TO_BACKEND).lengthBytes(3);
        assertEquals("forward DATA ▶ P1 dscp 34 backend 1 3 B", bench.sendOne());
        bench.open(WEB, 5001);
        assertEquals("forward OPEN ▶ P1 dscp 34 backend 7 new", bench.sendOne());
    }

    @Test
    void shouldKeepHealthAcrossAReloadButForgetItOfABackendThatWasGone() {
        health(2, false);
        health(3, false);
        reload(new BackendPool(List.of(1, 2), 3, SECOND_NS));
        assertEquals(false, bench.pipeline.health().healthy(2));
        reload(new BackendPool(List.of(1, 2, 3), 3, SECOND_NS));

        assertEquals(false, bench.pipeline.health().healthy(2));
        assertEquals(true, bench.pipeline.health().healthy(3));
    }

    private void reload(BackendPool pool) {
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(WEB, pool));
        bench.send();
    }
}
