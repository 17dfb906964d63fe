package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.engine.udp.UdpRig.Signal;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.net.DatagramSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How sessions begin, move and end, and what becomes of their sockets. */
@Timeout(60)
class UdpSessionTest {
    private static final int LISTENER_ALONE = 1;

    /** 65,535 less the headers of IPv4 and UDP; IPv6 does not count its own. */
    private static final int LONGEST_IPV4 = 65_507;

    static List<Machine> machines() {
        return Machine.all();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldEndASilentSessionAndCloseItsSocket(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(
                        machine,
                        UdpRig.service("127.0.0.1")
                                .sessionTimeout(Duration.ofSeconds(1))
                                .backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            assertEchoed(client, rig, "first");
            awaitNoSession(rig);
            assertEquals(1, rig.count(UdpCounter.SESSIONS_IDLE));
            assertEchoed(client, rig, "second");
            assertEquals(2, rig.count(UdpCounter.SESSIONS_OPENED));
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldEndASessionWithTheLastReplyThatIsDue(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(
                        machine, UdpRig.service("127.0.0.1").replies(1).backend("dns", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            for (int i = 1; i <= 20; i++) {
                assertEchoed(client, rig, "query " + i);
                awaitNoSession(rig);
                assertEquals(i, rig.count(UdpCounter.SESSIONS_COMPLETE));
            }
            assertEquals(20, rig.out(Direction.TO_CLIENT));
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldMakeRoomForANewSessionAtTheCapWhenToldTo(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(
                        machine,
                        UdpRig.service("127.0.0.1")
                                .maxSessions(1)
                                .sessionOverflow(ServiceSettings.SessionOverflow.EVICT_OLDEST)
                                .backend("b", "127.0.0.1", backend.port()));
                TestClient one = new TestClient();
                TestClient other = new TestClient()) {
            rig.shard().quota(0, 1).get();
            assertEchoed(one, rig, "one");
            assertEchoed(other, rig, "other");
            assertEquals(1, rig.count(UdpCounter.SESSIONS_EVICTED));
            awaitSockets(rig, LISTENER_ALONE + 1);
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldMoveToAHealthyBackend(Machine machine) throws Exception {
        try (EchoBackend first = new EchoBackend();
                EchoBackend second = new EchoBackend();
                UdpRig rig = UdpRig.of(
                        machine,
                        UdpRig.service("127.0.0.1")
                                .backend("first", "127.0.0.1", first.port())
                                .backend("second", "127.0.0.1", second.port()));
                TestClient client = new TestClient()) {
            assertEchoed(client, rig, "before");
            boolean wasFirst = first.received() == 1;
            rig.health(0, wasFirst ? 0 : 1, false);
            assertEchoed(client, rig, "after");
            assertEquals(1, first.received());
            assertEquals(1, second.received());
            assertEquals(1, rig.count(UdpCounter.SESSIONS_REROUTED));
            assertEquals(1, rig.shard().pipeline().sessions(0));
            awaitSockets(rig, LISTENER_ALONE + 1);
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldCountAndSignalThatNobodyListensAtTheBackend(Machine machine) throws Exception {
        int nobody = Ports.free();
        try (UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("dead", "127.0.0.1", nobody));
                TestClient client = new TestClient()) {
            client.send("anybody there?", rig.address());
            Await.until(
                    "an ICMP error is counted",
                    UdpRig.DEADLINE,
                    () -> rig.count(UdpCounter.ICMP_PORT_UNREACHABLE) >= 1);
            Await.value(
                    "it is told",
                    UdpRig.DEADLINE,
                    () -> rig.signals().peek(),
                    new Signal(0, Errno.ECONNREFUSED)::equals);
            for (int i = 0; i < 20; i++) {
                client.send("still nobody?", rig.address());
            }
            Await.until(
                    "each datagram has left or is dropped",
                    UdpRig.DEADLINE,
                    () -> rig.out(Direction.TO_BACKEND)
                                    + rig.dropped(Direction.TO_BACKEND, DropReason.BACKEND_UNREACHABLE)
                            == 21);
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldDropAndForgetTheFlowWhenTheBackendCantBeConnectedTo(Machine machine) throws Exception {
        assertForgottenAtTheBroadcastAddress(machine);
    }

    /** Connecting to it is not permitted. */
    private static void assertForgottenAtTheBroadcastAddress(Machine machine) throws Exception {
        try (UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "255.255.255.255", 9));
                TestClient client = new TestClient()) {
            client.send("to nobody in particular", rig.address());
            Await.until(
                    "the datagram is dropped",
                    UdpRig.DEADLINE,
                    () -> rig.dropped(Direction.TO_BACKEND, DropReason.SEND_FAILED) == 1);
            awaitNoSession(rig);
            assertEquals(1, rig.count(UdpCounter.SESSION_FAILURES));
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldDropAndForgetTheFlowWhenNoFileCanBeOpened(Machine machine) throws Exception {
        // Loads the classes of the failure's path, which are files themselves.
        assertForgottenAtTheBroadcastAddress(machine);
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient old = new TestClient();
                TestClient fresh = new TestClient()) {
            assertEchoed(old, rig, "before");
            try (FileLimit limit = new FileLimit()) {
                assertTrue(limit.isInForce());
                fresh.send("no socket left", rig.address());
                Await.until(
                        "the datagram is dropped",
                        UdpRig.DEADLINE,
                        () -> rig.dropped(Direction.TO_BACKEND, DropReason.SEND_FAILED) == 1);
                Await.until(
                        "only the old flow is there",
                        UdpRig.DEADLINE,
                        () -> rig.shard().pipeline().sessions(0) == 1);
                assertEchoed(old, rig, "live sessions go on");
            }
            assertEquals(1, rig.count(UdpCounter.SESSION_FAILURES));
            assertEchoed(fresh, rig, "again");
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldServeLiveSessionsOfAClosedListenerUntilTheyEnd(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient live = new TestClient();
                TestClient late = new TestClient()) {
            assertEchoed(live, rig, "before");
            rig.configure(ServiceSettings.builder("other")
                    .listen(Protocol.UDP, "127.0.0.1", 0)
                    .backend("b", "127.0.0.1", backend.port())
                    .build());
            rig.listener().close();
            assertEchoed(live, rig, "after");
            late.send("too late", rig.address());
            Await.until(
                    "a new client is refused",
                    UdpRig.DEADLINE,
                    () -> rig.dropped(Direction.TO_BACKEND, DropReason.NO_SERVICE) == 1);
            assertEquals(LISTENER_ALONE + 1, rig.transport().openSockets());
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldTakeNoNewClientWhileItDrains(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient live = new TestClient();
                TestClient late = new TestClient()) {
            assertEchoed(live, rig, "before");
            rig.listener().close();
            late.send("too late", rig.address());
            Await.until(
                    "a new client is refused",
                    UdpRig.DEADLINE,
                    () -> rig.dropped(Direction.TO_BACKEND, DropReason.DRAINING) == 1);
            assertEchoed(live, rig, "after");
            Await.until(
                    "its flow is forgotten",
                    UdpRig.DEADLINE,
                    () -> rig.shard().pipeline().sessions(0) == 1);
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldDropAndCountWhatIsTooLongForTheBackendsFamily(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("::1").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient("::1")) {
            client.send(new byte[LONGEST_IPV4 + 1], rig.address());
            Await.until(
                    "the datagram is dropped",
                    UdpRig.DEADLINE,
                    () -> rig.dropped(Direction.TO_BACKEND, DropReason.OVERSIZED) == 1);
            assertEquals(1, rig.count(UdpCounter.OVERSIZED));
            client.send(new byte[LONGEST_IPV4], rig.address());
            assertEquals(LONGEST_IPV4, client.receive().payload().length);
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldCloseAListenerWithoutSessionsAtOnce(Machine machine) throws Exception {
        try (UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", 9))) {
            rig.listener().close();
            awaitSockets(rig, 0);
            Await.until("the port is free", UdpRig.DEADLINE, () -> isFree(rig));
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldLeaveTheAddressToItsNewListener(Machine machine) throws Exception {
        if (machine.transport() == TransportKind.NIO) {
            return;
        }
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient live = new TestClient()) {
            assertEchoed(live, rig, "before");
            rig.relisten("renamed", backend.port());
            for (int i = 0; i < 50; i++) {
                try (TestClient client = new TestClient()) {
                    assertEchoed(client, rig, "client " + i);
                }
            }
            assertEquals(0, rig.dropped(Direction.TO_BACKEND, DropReason.NO_SERVICE));
            rig.assertBalanced();
        }
    }

    private static void assertEchoed(TestClient client, UdpRig rig, String text) throws IOException {
        client.send(text, rig.address());
        TestClient.Received reply = client.receive();
        assertEquals(text, reply.text());
        assertEquals(rig.address(), reply.from());
    }

    private static boolean isFree(UdpRig rig) throws IOException {
        try (DatagramSocket free = new DatagramSocket(rig.address())) {
            return free.isBound();
        }
    }

    private static void awaitNoSession(UdpRig rig) {
        Await.until(
                "no session is left",
                UdpRig.DEADLINE,
                () -> rig.shard().pipeline().sessions(0) == 0);
        awaitSockets(rig, LISTENER_ALONE);
    }

    private static void awaitSockets(UdpRig rig, int wanted) {
        Await.value("open sockets", UdpRig.DEADLINE, () -> rig.transport().openSockets(), open -> open == wanted);
    }
}
