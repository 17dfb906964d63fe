package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Noise;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.ProxyStatus;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import io.marchproxy.l3l4.engine.testing.UdpBackend;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams: sizes, addresses, sessions and dead ends. */
class UdpIT {

    private static final int LARGEST = 65_507;
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void shouldCarryDatagramsOfEverySizeUpToTheLargest(String host) throws IOException {
        try (UdpBackend backend = UdpBackend.answering(new InetSocketAddress(host, 0), 1);
                ProxyProcess proxy = ProxyProcess.with(service(bracketed(host) + ":0", backend, ""))
                        .start();
                DatagramSocket client = new DatagramSocket()) {
            // Not connected: a connected socket of the JDK sends no empty datagram.
            InetSocketAddress address = proxy.udp("udp");
            for (int size : new int[] {0, 1, 64, 1_472, 1_500, 9_000, 32_768, 65_000, LARGEST}) {
                byte[] payload = payload(size);
                byte[] echo = assertDoesNotThrow(() -> ask(client, payload, address), () -> size + " bytes");
                assertArrayEquals(payload, echo, () -> size + " bytes");
            }
            assertEquals(0, proxy.status().dropped("udp"), () -> "" + proxy.status());
        }
    }

    @Test
    @RequiresNetNs
    void shouldReplyFromTheAddressThatWasAskedOnAWildcardListener() throws Exception {
        int port = Ports.free();
        try (TestNetwork clients = TestNetwork.create();
                TestNetwork host = TestNetwork.create().veth("v0", clients, "v1");
                UdpBackend backend = host.inside(UdpBackend::echo)) {
            host.configure("v0", "10.9.0.1/24", "10.9.0.2/24", "10.9.1.1/24", "fd09::1/64", "fd09::2/64");
            clients.configure("v1", "10.9.0.9/24", "10.9.1.9/24", "fd09::9/64");
            for (String wildcard : List.of("[::]", "0.0.0.0")) {
                try (ProxyProcess proxy = ProxyProcess.with(service(wildcard + ":" + port, backend, ""))
                        .in(host)
                        .start()) {
                    for (String address : List.of("10.9.0.1", "10.9.0.2", "10.9.1.1", "fd09::1", "fd09::2")) {
                        if (wildcard.equals("[::]") || !address.contains(":")) {
                            assertRepliesFromTheAddressAsked(clients, address, port);
                        }
                    }
                    assertEquals(0, proxy.status().dropped("udp"), () -> "" + proxy.status());
                }
            }
        }
    }

    private static void assertRepliesFromTheAddressAsked(TestNetwork clients, String address, int port)
            throws Exception {
        byte[] question = address.getBytes(US_ASCII);
        // Not connected: it would hide a reply from elsewhere as a time-out.
        try (DatagramSocket client = clients.inside(() -> new DatagramSocket())) {
            client.setSoTimeout(5_000);
            InetSocketAddress asked = new InetSocketAddress(address, port);
            client.send(new DatagramPacket(question, question.length, asked));
            DatagramPacket reply = new DatagramPacket(new byte[100], 100);
            client.receive(reply);
            assertEquals(asked, reply.getSocketAddress());
            assertArrayEquals(question, Arrays.copyOf(reply.getData(), reply.getLength()));
        }
    }

    @Test
    void shouldKeepManyClientsApart() throws IOException {
        int clients = 500;
        List<DatagramSocket> sockets = new ArrayList<>();
        try (UdpBackend backend = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(service("127.0.0.1:0", backend, "session-timeout: 5m"))
                        .start()) {
            InetSocketAddress address = proxy.udp("udp");
            for (int i = 0; i < clients; i++) {
                DatagramSocket client = new DatagramSocket();
                client.connect(address);
                sockets.add(client);
            }
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < clients; i++) {
                    byte[] mine = ("client " + i + " round " + round).getBytes(US_ASCII);
                    assertArrayEquals(mine, ask(sockets.get(i), mine));
                }
            }
            ProxyStatus status = proxy.status();
            assertEquals(clients, status.connections("udp"));
            assertEquals(3L * clients, status.booked("udp", "to-client", "out_packets"));
        } finally {
            sockets.forEach(DatagramSocket::close);
        }
    }

    @Test
    void shouldEndIdleSessionsAndMakeNewOnesWhenTheClientComesBack() throws IOException {
        try (UdpBackend backend = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(service("127.0.0.1:0", backend, "session-timeout: 300ms"))
                        .start();
                DatagramSocket client = new DatagramSocket()) {
            client.connect(proxy.udp("udp"));
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(payload(100), ask(client, payload(100)));
                Await.value("the session ends", PATIENCE, proxy::status, status -> status.connections("udp") == 0);
            }
        }
    }

    @Test
    void shouldCountSessionsBeyondTheCap() throws IOException {
        try (UdpBackend backend = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                service("127.0.0.1:0", backend, "max-sessions: 2") + "engine: { shards: 1 }\n")
                        .start();
                DatagramSocket first = new DatagramSocket();
                DatagramSocket second = new DatagramSocket();
                DatagramSocket third = new DatagramSocket()) {
            for (DatagramSocket socket : List.of(first, second, third)) {
                socket.connect(proxy.udp("udp"));
            }
            ask(first, payload(10));
            ask(second, payload(10));
            third.send(new DatagramPacket(payload(10), 10));

            Await.value(
                    "the third is counted",
                    PATIENCE,
                    proxy::status,
                    status -> status.dropped("udp", "session-cap") == 1);
            ask(first, payload(10));
        }
    }

    @Test
    void shouldCountDatagramsToADeadBackend() throws IOException {
        int dead = Ports.free();
        String services = """
                services:
                  - name: udp
                    listen: udp://127.0.0.1:0
                    backends: [ { id: dead, address: "127.0.0.1:%d" } ]
                """.formatted(dead);
        try (ProxyProcess proxy = ProxyProcess.with(services).start();
                DatagramSocket client = new DatagramSocket()) {
            InetSocketAddress address = proxy.udp("udp");

            Await.value(
                    "datagrams to nobody are counted",
                    PATIENCE,
                    () -> {
                        client.send(new DatagramPacket(payload(100), 100, address));
                        return proxy.status();
                    },
                    status -> status.dropped("udp", "backend-unreachable") + status.dropped("udp", "no-healthy-backend")
                            > 0);
        }
    }

    @Test
    void shouldMoveSessionsToAnotherBackendWhenTheirsDies() throws IOException {
        List<DatagramSocket> clients = new ArrayList<>();
        try (UdpBackend staying = UdpBackend.echo();
                UdpBackend dying = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with("""
                                services:
                                  - name: udp
                                    listen: udp://127.0.0.1:0
                                    backends:
                                      - { id: a, address: "127.0.0.1:%d" }
                                      - { id: b, address: "127.0.0.1:%d" }
                                """.formatted(staying.port(), dying.port()))
                        .start()) {
            InetSocketAddress address = proxy.udp("udp");
            for (int i = 0; i < 20; i++) {
                DatagramSocket client = new DatagramSocket();
                clients.add(client);
                client.connect(address);
                ask(client, payload(10));
            }
            assertTrue(staying.received() > 0 && dying.received() > 0, "round robin uses both");

            dying.die();

            for (DatagramSocket client : clients) {
                client.setSoTimeout(200);
                Await.until("an answer through the other backend", PATIENCE, () -> {
                    client.send(new DatagramPacket(payload(10), 10));
                    client.receive(new DatagramPacket(new byte[10], 10));
                    return true;
                });
            }
        } finally {
            clients.forEach(DatagramSocket::close);
        }
    }

    private static byte[] ask(DatagramSocket client, byte[] question) throws IOException {
        return ask(client, question, client.getRemoteSocketAddress());
    }

    private static byte[] ask(DatagramSocket client, byte[] question, SocketAddress address) throws IOException {
        client.setSoTimeout(10_000);
        client.send(new DatagramPacket(question, question.length, address));
        DatagramPacket reply = new DatagramPacket(new byte[65_536], 65_536);
        client.receive(reply);
        return Arrays.copyOf(reply.getData(), reply.getLength());
    }

    private static byte[] payload(int size) {
        byte[] padded = new byte[(size + 7) / 8 * 8];
        new Noise(size).fill(padded);
        return Arrays.copyOf(padded, size);
    }

    private static String bracketed(String address) {
        return address.contains(":") ? "[" + address + "]" : address;
    }

    private static String service(String listen, UdpBackend backend, String more) {
        InetAddress host = backend.address();
        return """
                services:
                  - name: udp
                    listen: "udp://%s"
                    backends: [ { id: b, address: "%s:%d" } ]
                    %s
                """.formatted(listen, bracketed(host.getHostAddress().replaceAll("[%].*", "")), backend.port(), more);
    }
}
