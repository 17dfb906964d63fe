package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.RuleSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.engine.udp.MarkedPeer.Marked;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers come from the address that was written to, and every datagram has its code point. */
@Timeout(60)
class UdpAddressTest {
    private static final int EF = 46;
    private static final int AF21 = 18;
    private static final int CS1 = 8;

    static List<Machine> machines() {
        return Machine.bySystemCalls();
    }

    static List<Machine> all() {
        return Machine.all();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldAnswerFromTheAddressThatAnIpv4ClientWroteTo(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("0.0.0.0").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            assertAnswersFrom(client, rig, "127.0.0.1");
            assertAnswersFrom(client, rig, "127.0.0.2");
            assertAnswersFrom(client, rig, "127.0.0.3");
            assertEquals(3, rig.count(UdpCounter.SESSIONS_OPENED), "a session for each address written to");
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldServeBothFamiliesOnTheDualStackWildcard(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend("::1", 1);
                UdpRig rig = UdpRig.of(machine, UdpRig.service("::").backend("b", "::1", backend.port()));
                TestClient four = new TestClient();
                TestClient six = new TestClient("::1")) {
            assertAnswersFrom(four, rig, "127.0.0.1");
            assertAnswersFrom(four, rig, "127.0.0.2");
            assertAnswersFrom(six, rig, "::1");
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void shouldServeOnlyIpv6OnAnExplicitIpv6Address(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("::1").backend("b", "127.0.0.1", backend.port()));
                TestClient six = new TestClient("::1")) {
            assertAnswersFrom(six, rig, "::1");
            try (DatagramSocket free =
                    new DatagramSocket(UdpRig.at("127.0.0.1", rig.address().getPort()))) {
                assertTrue(free.isBound(), "the port is free for IPv4");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void shouldRefuseATakenPortInWords(Machine machine) throws Exception {
        try (DatagramSocket taken = new DatagramSocket(UdpRig.at("127.0.0.1", 0))) {
            IOException refusal = assertThrows(
                    IOException.class,
                    () -> UdpRig.of(
                                    machine,
                                    ServiceSettings.builder("taken")
                                            .listen(Protocol.UDP, "127.0.0.1", taken.getLocalPort())
                                            .backend("b", "127.0.0.1", 9))
                            .close());
            assertTrue(
                    refusal.getMessage().toLowerCase(Locale.ROOT).contains("address already in use"),
                    refusal.getMessage());
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldMarkBothDirectionsWithTheClassesCodePoint(Machine machine) throws Exception {
        for (String host : List.of("127.0.0.1", "::1")) {
            try (MarkedPeer backend = new MarkedPeer(host, CS1);
                    MarkedPeer client = new MarkedPeer(host, 0);
                    UdpRig rig = UdpRig.of(
                            machine,
                            UdpRig.service(host.equals("::1") ? "::" : host)
                                    .trafficClass(TrafficClass.P0)
                                    .backend("b", host, backend.address().getPort()))) {
                InetSocketAddress proxy = UdpRig.at(host, rig.address().getPort());
                client.send("question", proxy);
                Marked question = backend.receive();
                backend.send("answer", question.from());
                Marked answer = client.receive();
                assertEquals("question", question.text());
                assertEquals(EF, question.dscp());
                assertEquals(0, question.ecn());
                assertEquals("answer", answer.text());
                assertEquals(EF, answer.dscp());
                assertEquals(0, answer.ecn());
                assertEquals(proxy, answer.from());
            }
        }
    }

    /** By an address of either family, and by an IPv4 address on a socket of both. */
    @ParameterizedTest
    @MethodSource("machines")
    void shouldPassOnTheEcnFieldOfEachDatagramInBothDirections(Machine machine) throws Exception {
        for (String listener : List.of("127.0.0.1", "::", "::1")) {
            String host = listener.equals("::1") ? "::1" : "127.0.0.1";
            try (MarkedPeer backend = new MarkedPeer(host, CS1);
                    MarkedPeer client = new MarkedPeer(host, 0);
                    UdpRig rig = UdpRig.of(
                            machine,
                            UdpRig.service(listener)
                                    .trafficClass(TrafficClass.P0)
                                    .backend("b", host, backend.address().getPort()))) {
                for (int ecn = 0; ecn <= Ecn.MASK; ecn++) {
                    client.tos(CS1 << 2 | ecn);
                    client.send("question", UdpRig.at(host, rig.address().getPort()));
                    Marked question = backend.receive();
                    assertEquals(EF << 2 | ecn, question.tos());
                    backend.tos(Ecn.MASK - ecn);
                    backend.send("answer", question.from());
                    assertEquals(EF << 2 | (Ecn.MASK - ecn), client.receive().tos());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldKeepTheCodePointWhereARuleSaysSo(Machine machine) throws Exception {
        RuleSettings rule =
                new RuleSettings(null, null, null, null, null, null, -1, TrafficClass.P0, QosSettings.PRESERVE_DSCP);
        QosSettings qos = new QosSettings(true, QosSettings.DEFAULT.classes(), List.of(rule));
        try (MarkedPeer backend = new MarkedPeer("127.0.0.1", CS1);
                MarkedPeer client = new MarkedPeer("127.0.0.1", AF21);
                UdpRig rig = UdpRig.of(
                        machine,
                        machine.options(),
                        qos,
                        UdpRig.service("127.0.0.1")
                                .backend("b", "127.0.0.1", backend.address().getPort()))) {
            client.send("question", rig.address());
            Marked question = backend.receive();
            assertEquals(AF21, question.dscp());
            backend.send("answer", question.from());
            assertEquals(CS1, client.receive().dscp());
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldKeepTheCodePointWhenMarkingIsOff(Machine machine) throws Exception {
        QosSettings off = new QosSettings(false, QosSettings.DEFAULT.classes(), List.of());
        try (MarkedPeer backend = new MarkedPeer("127.0.0.1", CS1);
                MarkedPeer client = new MarkedPeer("127.0.0.1", AF21);
                UdpRig rig = UdpRig.of(
                        machine,
                        machine.options(),
                        off,
                        UdpRig.service("0.0.0.0")
                                .backend("b", "127.0.0.1", backend.address().getPort()))) {
            client.send("question", UdpRig.at("127.0.0.1", rig.address().getPort()));
            Marked question = backend.receive();
            assertEquals(AF21, question.dscp());
            backend.send("answer", question.from());
            assertEquals(CS1, client.receive().dscp());
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldTellTheStagesWhichCodePointADatagramCameWith(Machine machine) throws Exception {
        RuleSettings rule = new RuleSettings(null, null, null, null, null, null, CS1, TrafficClass.P1, AF21);
        QosSettings qos = new QosSettings(true, QosSettings.DEFAULT.classes(), List.of(rule));
        try (MarkedPeer backend = new MarkedPeer("127.0.0.1", 0);
                MarkedPeer client = new MarkedPeer("127.0.0.1", CS1);
                UdpRig rig = UdpRig.of(
                        machine,
                        machine.options(),
                        qos,
                        UdpRig.service("127.0.0.1")
                                .backend("b", "127.0.0.1", backend.address().getPort()))) {
            client.send("question", rig.address());
            assertEquals(AF21, backend.receive().dscp());
            assertEquals(1, rig.books().pipeline().inPackets(0, TrafficClass.P1.ordinal(), Direction.TO_BACKEND));
        }
    }

    private static void assertAnswersFrom(TestClient client, UdpRig rig, String host) throws IOException {
        InetSocketAddress to = UdpRig.at(host, rig.address().getPort());
        client.send("to " + host, to);
        TestClient.Received answer = client.receive();
        assertEquals("to " + host, answer.text());
        assertEquals(to, answer.from());
    }
}
