package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.shard.BackendCounters;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Datagrams there and back over every transport, in both placements. */
@Timeout(60)
class UdpRelayTest {
    private static final int LONGEST = 65_507;
    private static final int[] LENGTHS = {1, 64, 1400, 2047, 2048, 2049, 9000, 32_768, LONGEST};
    private static final int CLIENTS = 200;

    static List<Machine> machines() {
        return Machine.all();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldEchoDatagramsOfAnyLength(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            Random random = new Random(1);
            for (int length : LENGTHS) {
                byte[] sent = new byte[length];
                random.nextBytes(sent);
                client.send(sent, rig.address());
                assertArrayEquals(sent, client.receive().payload(), length + " bytes");
            }
            assertEquals(LENGTHS.length, rig.out(Direction.TO_BACKEND));
            assertEquals(LENGTHS.length, rig.out(Direction.TO_CLIENT));
            assertEquals(1, rig.count(UdpCounter.SESSIONS_OPENED));
            assertEquals(2 * 4, rig.count(UdpCounter.JUMBO));
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldRelayEmptyDatagramsWhereTheTransportCan(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            client.send("", rig.address());
            client.send("then", rig.address());
            if (machine.transport() != TransportKind.NIO) {
                assertEquals("", client.receive().text());
            }
            assertEquals("then", client.receive().text());
            rig.assertBalanced();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldKeepManyClientsApart(Machine machine) throws Exception {
        List<TestClient> clients = new ArrayList<>();
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig =
                        UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()))) {
            for (int i = 0; i < CLIENTS; i++) {
                TestClient client = new TestClient();
                clients.add(client);
                client.send("hello from " + i, rig.address());
            }
            for (int i = 0; i < CLIENTS; i++) {
                TestClient.Received reply = clients.get(i).receive();
                assertEquals("hello from " + i, reply.text());
                assertEquals(rig.address(), reply.from());
            }
            assertEquals(CLIENTS, backend.senders());
            assertEquals(CLIENTS, rig.count(UdpCounter.SESSIONS_OPENED));
            assertEquals(CLIENTS, rig.transport().totalSessions(0));
            assertEquals(CLIENTS, rig.shard().pipeline().sessions(0));
            rig.assertBalanced();
        } finally {
            close(clients);
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldTimeAnswersFromTheirQuestionsOn(Machine machine) throws Exception {
        long waitNs = 2 * BackendCounters.PROMPT_NS;
        try (DatagramSocket backend = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                UdpRig rig = UdpRig.of(
                        machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.getLocalPort()));
                TestClient client = new TestClient()) {
            backend.setSoTimeout(20_000);
            DatagramPacket packet = new DatagramPacket(new byte[64], 64);
            for (int i = 0; i < 3; i++) {
                client.send("question", rig.address());
                backend.receive(packet);
                long askedNs = System.nanoTime();
                while (System.nanoTime() - askedNs < waitNs) {
                    LockSupport.parkNanos(waitNs - (System.nanoTime() - askedNs));
                }
                backend.send(packet);
                assertEquals("question", client.receive().text());
            }
            BackendCounters counted = rig.shard().perBackend();
            assertEquals(3, counted.questions(0));
            assertEquals(3, counted.answers(0));
            assertTrue(counted.promptness(0) > 0);
            assertTrue(BackendCounters.waitNs(3, (double) counted.promptness(0)) >= waitNs);
        }
    }

    private static void close(List<TestClient> clients) throws IOException {
        for (TestClient client : clients) {
            client.close();
        }
    }
}
