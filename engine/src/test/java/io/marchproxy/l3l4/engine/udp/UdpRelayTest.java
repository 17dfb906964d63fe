package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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

    private static void close(List<TestClient> clients) throws IOException {
        for (TestClient client : clients) {
            client.close();
        }
    }
}
