package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.DigestExchange;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.ProxyStatus;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.Together;
import io.marchproxy.l3l4.engine.testing.UdpBackend;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same traffic through both placements of the stages and all three kernel interfaces. */
class PlacementsIT {

    @ParameterizedTest
    @CsvSource({
        "run-to-completion, io_uring, 1",
        "run-to-completion, io_uring, 2",
        "run-to-completion, epoll, 2",
        "run-to-completion, nio, 1",
        "pipelined, io_uring, 1",
        "pipelined, epoll, 1",
        "pipelined, nio, 1",
    })
    void shouldCarryTheSameTraffic(String mode, String transport, int shards) throws IOException {
        try (TcpBackend tcp = TcpBackend.serving(DigestExchange::serve);
                TcpBackend echo = TcpBackend.echo();
                UdpBackend udp = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                "engine: { mode: %s, transport: %s, shards: %d }%n".formatted(mode, transport, shards)
                                        + services(tcp.port(), echo.port(), udp.port()))
                        .start()) {
            ProxyStatus status = proxy.status();
            assertEquals(transport, status.transport());
            assertEquals(mode, status.mode());
            InetSocketAddress stream = proxy.tcp("stream");

            Together.run(12, Duration.ofSeconds(40), i -> DigestExchange.run(stream, i, 5_000_000L));
            Together.run(50, Duration.ofSeconds(40), i -> shortConnection(proxy.tcp("echo"), i));
            Together.run(20, Duration.ofSeconds(40), i -> datagrams(proxy.udp("datagram"), i));

            assertEquals(0, tcp.failures().size(), () -> "" + tcp.failures());
            assertEquals(0, proxy.status().dropped("datagram"), () -> "" + proxy.status());
        }
    }

    @Test
    void shouldFallBackToEpollWithOneLineWhenIoUringIsRefused() throws IOException {
        try (TcpBackend tcp = TcpBackend.serving(DigestExchange::serve);
                TcpBackend echo = TcpBackend.echo();
                UdpBackend udp = UdpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(services(tcp.port(), echo.port(), udp.port()))
                        .withoutIoUring()
                        .start()) {
            assertEquals("epoll", proxy.status().transport());
            // Its output comes through a pipe, and may be read later than it is ready.
            Await.value(
                    "it is told",
                    Duration.ofSeconds(20),
                    proxy::output,
                    output -> output.contains("ready after") && output.contains("io_uring"));
            long lines = proxy.output()
                    .lines()
                    .filter(line -> line.contains("io_uring"))
                    .count();
            assertEquals(1, lines, proxy::output);

            DigestExchange.run(proxy.tcp("stream"), 1, 5_000_000);
            shortConnection(proxy.tcp("echo"), 1);
            datagrams(proxy.udp("datagram"), 1);
        }
    }

    private static void shortConnection(InetSocketAddress address, int number) throws IOException {
        byte[] question = ("question " + number).getBytes(US_ASCII);
        try (Socket client = new Socket()) {
            client.setSoTimeout(20_000);
            client.connect(address, 10_000);
            client.getOutputStream().write(question);
            client.shutdownOutput();
            assertArrayEquals(question, client.getInputStream().readAllBytes());
        }
    }

    private static void datagrams(InetSocketAddress address, int number) throws IOException {
        try (DatagramSocket client = new DatagramSocket()) {
            client.setSoTimeout(10_000);
            client.connect(address);
            DatagramPacket reply = new DatagramPacket(new byte[2_000], 2_000);
            for (int i = 0; i < 100; i++) {
                byte[] question = (number + "/" + i + " ".repeat(i * 14)).getBytes(US_ASCII);
                client.send(new DatagramPacket(question, question.length));
                reply.setLength(2_000);
                client.receive(reply);
                assertArrayEquals(question, Arrays.copyOf(reply.getData(), reply.getLength()));
            }
        }
    }

    private static String services(int stream, int echo, int datagram) {
        return """
                services:
                  - name: stream
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: s, address: "127.0.0.1:%d" } ]
                  - name: echo
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: e, address: "127.0.0.1:%d" } ]
                  - name: datagram
                    listen: udp://127.0.0.1:0
                    backends: [ { id: d, address: "127.0.0.1:%d" } ]
                """.formatted(stream, echo, datagram);
    }
}
