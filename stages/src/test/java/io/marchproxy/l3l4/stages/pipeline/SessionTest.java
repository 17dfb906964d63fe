package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.DNS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.route.BackendPool;
import java.util.List;
import org.junit.jupiter.api.Test;

/** UDP sessions: how they begin, where they go, how they end. */
class SessionTest {
    private final Bench bench = new Bench(TestSettings.initial());

    private long session(int service, int port) {
        bench.datagram(service, port, 10);
        bench.send();
        return bench.flowRef();
    }

    private List<String> reply(long flowRef, int datagrams) {
        bench.of(EventKind.DATA, flowRef, TO_CLIENT);
        bench.event.lengthBytes(20 * datagrams);
        bench.event.packets(datagrams);
        return bench.send();
    }

    private void health(int backend, boolean healthy) {
        bench.make(EventKind.HEALTH, DNS);
        bench.event.backend(backend);
        bench.event.argument0(healthy ? 1 : 0);
        bench.send();
    }

    private void quota(int service, long sessions) {
        bench.make(EventKind.QUOTA, service);
        bench.event.argument0(sessions);
        assertEquals(List.of(), bench.send());
    }

    @Test
    void shouldStickToItsBackend() {
        session(DNS, 5000);
        assertEquals(10, bench.event.backend());
        session(DNS, 5001);
        assertEquals(11, bench.event.backend());
        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 10 B", bench.sendOne());
        assertEquals(2, bench.pipeline.sessions(DNS));
    }

    @Test
    void shouldGoToAnotherBackendWhenItsOwnIsUnhealthy() {
        session(DNS, 5000);
        health(10, false);
        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 rerouted 10 B", bench.sendOne());
        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 10 B", bench.sendOne());
        health(11, false);
        bench.datagram(DNS, 5000, 10);
        assertEquals("drop NO_HEALTHY_BACKEND DATA ▶ P0 dscp 46 10 B", bench.sendOne());
        assertEquals(1, bench.flows.size());
    }

    @Test
    void shouldNotBeginWithoutAHealthyBackend() {
        health(10, false);
        health(11, false);
        bench.datagram(DNS, 5000, 10);

        assertEquals("drop NO_HEALTHY_BACKEND DATA ▶ P0 dscp 46 new 10 B", bench.sendOne());
        assertEquals(0, bench.flows.size());
        assertEquals(0, bench.pipeline.sessions(DNS));
    }

    @Test
    void shouldLeaveABackendThatAReloadTookAway() {
        session(DNS, 5000);
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(DNS, new BackendPool(List.of(11, 12), 1, SECOND_NS)));
        bench.send();

        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 12 rerouted 10 B", bench.sendOne());
    }

    @Test
    void shouldStayWithABackendThatAReloadTookAwayWhenThereIsNoOther() {
        session(DNS, 5000);
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(DNS, new BackendPool(List.of(), 1, SECOND_NS)));
        bench.send();

        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 10 B", bench.sendOne());
        bench.datagram(DNS, 5001, 10);
        assertEquals("drop NO_HEALTHY_BACKEND DATA ▶ P0 dscp 46 new 10 B", bench.sendOne());
    }

    @Test
    void shouldEndWhenItsQuestionIsAnswered() {
        long flowRef = session(DNS, 5000);

        assertEquals(
                List.of(
                        "forward DATA ◀ P0 dscp 46 backend 10 20 B",
                        "end REPLIES_COMPLETE " + Long.toHexString(flowRef)),
                reply(flowRef, 1));
        assertEquals(0, bench.flows.size());
        assertEquals(0, bench.pipeline.sessions(DNS));
        assertEquals("END REPLIES_COMPLETE at 0", bench.journal().getLast());
    }

    @Test
    void shouldWaitForTheAnswersToAllQuestionsFromOnePort() {
        long flowRef = session(DNS, 5000);
        session(DNS, 5000);
        session(DNS, 5000);

        assertEquals(1, reply(flowRef, 2).size());
        assertEquals(2, reply(flowRef, 1).size());
    }

    @Test
    void shouldNotEndByRepliesThatAreTooManyToCount() {
        bench.datagram(DNS, 5000, 0).packets(70_000);
        bench.send();
        long flowRef = bench.flowRef();
        reply(flowRef, 65_535);
        reply(flowRef, 65_535);

        assertEquals(1, bench.flows.size());
    }

    @Test
    void shouldEndAfterSilenceInEitherDirection() {
        long game = session(GAME, 5000);
        bench.after(9 * SECOND_NS);
        reply(game, 1);
        bench.after(9 * SECOND_NS);
        bench.datagram(GAME, 5000, 10);
        bench.send();

        assertEquals(List.of(), bench.advanceTo(27 * SECOND_NS));
        assertEquals(List.of("end IDLE " + Long.toHexString(game)), bench.advanceTo(29 * SECOND_NS));
    }

    @Test
    void shouldRefuseTheSessionPastTheCap() {
        for (int i = 0; i < 4; i++) {
            session(DNS, 5000 + i);
        }
        bench.datagram(DNS, 6000, 10);
        assertEquals("drop SESSION_CAP DATA ▶ P0 10 B", bench.sendOne());
        bench.datagram(DNS, 5003, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 11 10 B", bench.sendOne());
    }

    @Test
    void shouldEndTheLongestSilentSessionForANewOneWhereToldTo() {
        session(GAME, 5000);
        bench.after(1);
        long second = session(GAME, 5001);
        session(GAME, 5002);
        session(GAME, 5003);
        bench.after(1);
        session(GAME, 5000);

        bench.datagram(GAME, 6000, 10);
        assertEquals(
                List.of("end EVICTED " + Long.toHexString(second), "forward DATA ▶ P3 dscp 0 backend 20 new 10 B"),
                bench.send());
        assertEquals(4, bench.pipeline.sessions(GAME));
    }

    @Test
    void shouldKeepToItsShareOfTheCap() {
        quota(DNS, 1);
        session(DNS, 5000);
        bench.datagram(DNS, 5001, 10);
        assertEquals("drop SESSION_CAP DATA ▶ P0 10 B", bench.sendOne());
        quota(DNS, 1_000);
        for (int i = 1; i < 4; i++) {
            session(DNS, 5000 + i);
        }
        bench.datagram(DNS, 6000, 10);
        assertEquals("drop SESSION_CAP DATA ▶ P0 10 B", bench.sendOne());
    }

    @Test
    void shouldComeDownToAShareThatShrank() {
        for (int i = 0; i < 4; i++) {
            session(GAME, 5000 + i);
        }
        quota(GAME, 2);
        assertEquals(4, bench.pipeline.sessions(GAME));
        session(GAME, 6000);
        assertEquals(3, bench.pipeline.sessions(GAME));
        session(GAME, 6001);
        session(GAME, 6002);
        assertEquals(2, bench.pipeline.sessions(GAME));
        quota(GAME, 0);
        bench.datagram(GAME, 6003, 10);
        assertEquals("drop SESSION_CAP DATA ▶ P3 10 B", bench.sendOne());
    }

    @Test
    void shouldEndWhenTheTransportClosesIt() {
        long flowRef = session(DNS, 5000);
        bench.of(EventKind.CLOSED, flowRef, TO_BACKEND);
        bench.send();

        assertEquals(0, bench.pipeline.sessions(DNS));
        assertEquals(List.of(), bench.advanceTo(100 * SECOND_NS));
    }

    @Test
    void shouldEndWhenTheTransportCannotReachTheBackend() {
        long flowRef = session(DNS, 5000);
        bench.of(EventKind.CONNECT_FAILED, flowRef, TO_BACKEND);
        assertEquals("drop CONNECT_FAILED CONNECT_FAILED ▶ P0 dscp 46", bench.sendOne());

        assertEquals(0, bench.flows.size());
        assertEquals(0, bench.pipeline.sessions(DNS));
    }

    @Test
    void shouldCountIcmpErrors() {
        long flowRef = session(DNS, 5000);
        bench.of(EventKind.ICMP_ERROR, flowRef, TO_BACKEND);
        assertEquals(List.of(), bench.send());
        bench.of(EventKind.ICMP_ERROR, 1L << 40, TO_BACKEND);
        assertEquals(List.of(), bench.send());

        assertEquals(1, FlowEntry.icmpErrors(bench.flows.entry(flowRef)));
    }

    @Test
    void shouldLiveOnWhenItsServiceIsTakenAway() {
        session(DNS, 5000);
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(
                TestSettings.with(new ServiceProfile(DNS, "dns", 17, false, 0, 30 * SECOND_NS, 4, false, 1)));
        bench.send();

        bench.datagram(DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 10 B", bench.sendOne());
        bench.datagram(DNS, 5001, 10);
        assertEquals("drop NO_SERVICE DATA ▶ P0 10 B", bench.sendOne());
    }

    @Test
    void shouldTakeOverAShorterTimeOut() {
        long flowRef = session(DNS, 5000);
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(TestSettings.with(new ServiceProfile(DNS, "dns", 17, true, 0, SECOND_NS, 4, false, 1)));
        bench.send();

        assertEquals(List.of("end IDLE " + Long.toHexString(flowRef)), bench.advanceTo(31 * SECOND_NS));
    }

    @Test
    void shouldCountDropsInTheFlow() {
        long flowRef = session(DNS, 5000);
        health(10, false);
        health(11, false);
        bench.datagram(DNS, 5000, 10);
        bench.send();

        assertEquals(1, FlowEntry.droppedPackets(bench.flows.entry(flowRef)));
    }
}
