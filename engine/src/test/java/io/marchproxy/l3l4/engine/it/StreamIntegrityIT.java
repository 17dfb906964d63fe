package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.DigestExchange;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.ProxyStatus;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.Together;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Never a byte lost or mixed up, and every way of ending a connection arrives as what it was. */
class StreamIntegrityIT {

    private static final int PATIENCE_SECONDS = 20;

    @Test
    void shouldCarryAGigabyteBothWaysAtOnceOverFiftyConnections() {
        int connections = 50;
        long bytes = 20_000_000;
        try (TcpBackend backend = TcpBackend.serving(DigestExchange::serve);
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port())).start()) {
            InetSocketAddress address = proxy.tcp("relay");

            Together.run(connections, Duration.ofMinutes(5), i -> DigestExchange.run(address, i, bytes));

            assertEquals(0, backend.failures().size(), () -> "" + backend.failures());
            ProxyStatus status = proxy.awaitRest();
            long total = connections * DigestExchange.bytesEachWay(bytes);
            assertEquals(
                    total + (long) connections * DigestExchange.headerBytes(),
                    status.booked("relay", "to-backend", "out_bytes"));
            assertEquals(total, status.booked("relay", "to-client", "out_bytes"));
        }
    }

    @Test
    void shouldDeliverTheAnswerToAClientThatHasEndedItsSide() throws Exception {
        try (TcpBackend backend = TcpBackend.serving(connection -> {
                    byte[] request = connection.getInputStream().readAllBytes();
                    connection.getOutputStream().write(request);
                });
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port())).start();
                Socket client = connect(proxy)) {
            client.getOutputStream().write("asked before the end".getBytes(US_ASCII));
            client.shutdownOutput();

            assertEquals(
                    "asked before the end", new String(client.getInputStream().readAllBytes(), US_ASCII));
        }
    }

    @Test
    void shouldDeliverTheRequestToABackendThatHasEndedItsSide() throws Exception {
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        try (TcpBackend backend = TcpBackend.serving(connection -> {
                    connection.getOutputStream().write("greeting".getBytes(US_ASCII));
                    connection.shutdownOutput();
                    received.complete(connection.getInputStream().readAllBytes());
                });
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port())).start();
                Socket client = connect(proxy)) {
            assertEquals("greeting", new String(client.getInputStream().readAllBytes(), US_ASCII));

            client.getOutputStream().write("said after the backend's end".getBytes(US_ASCII));
            client.shutdownOutput();

            byte[] said = received.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertEquals("said after the backend's end", new String(said, US_ASCII));
        }
    }

    @Test
    void shouldPassTheClientsResetOn() throws Exception {
        CompletableFuture<IOException> seen = new CompletableFuture<>();
        try (TcpBackend backend = TcpBackend.serving(connection -> {
                    connection.getOutputStream().write('!');
                    try {
                        connection.getInputStream().readAllBytes();
                        seen.completeExceptionally(new AssertionError("an orderly end instead of a reset"));
                    } catch (SocketException e) {
                        seen.complete(e);
                    }
                });
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port())).start()) {
            try (Socket client = connect(proxy)) {
                assertEquals('!', client.getInputStream().read());
                client.setOption(StandardSocketOptions.SO_LINGER, 0);
            }

            assertEquals(
                    "Connection reset",
                    seen.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getMessage());
        }
    }

    @Test
    void shouldPassTheBackendsResetOn() throws Exception {
        try (TcpBackend backend = TcpBackend.serving(connection -> {
                    connection.getOutputStream().write('!');
                    if (connection.getInputStream().read() == '?') {
                        connection.setOption(StandardSocketOptions.SO_LINGER, 0);
                    }
                });
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port())).start();
                Socket client = connect(proxy)) {
            InputStream in = client.getInputStream();
            assertEquals('!', in.read());
            client.getOutputStream().write('?');

            SocketException reset = assertThrows(SocketException.class, in::read);
            assertEquals("Connection reset", reset.getMessage());
        }
    }

    @Test
    void shouldKeepMemoryBoundedWhenClientsNeverRead() throws Exception {
        // The first ones warm the JVM up: what it compiles and its first pools are not the connections' memory.
        int first = 50;
        int clients = 250;
        try (TcpBackend flood = TcpBackend.serving(connection -> {
                    byte[] chunk = new byte[64 * 1024];
                    OutputStream out = connection.getOutputStream();
                    try {
                        while (true) {
                            out.write(chunk);
                        }
                    } catch (SocketException clientGone) {
                        connection.close();
                    }
                });
                ProxyProcess proxy = ProxyProcess.with(relay(flood.port())).start()) {
            Socket[] silent = new Socket[clients];
            try {
                for (int i = 0; i < first; i++) {
                    silent[i] = silentClient(proxy);
                }
                awaitStandstill(proxy, first);
                long before = proxy.stats().residentBytes();
                for (int i = first; i < clients; i++) {
                    silent[i] = silentClient(proxy);
                }
                awaitStandstill(proxy, clients);

                long growth = proxy.stats().residentBytes() - before;
                assertTrue(
                        growth < (clients - first) * 1_000_000L,
                        () -> growth + " bytes more for " + (clients - first) + " clients that do not read");
                assertEquals(clients, proxy.status().connections("relay"));
            } finally {
                for (Socket each : silent) {
                    if (each != null) {
                        each.setOption(StandardSocketOptions.SO_LINGER, 0);
                        each.close();
                    }
                }
            }
        }
    }

    private static Socket silentClient(ProxyProcess proxy) throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(64 * 1024);
        client.connect(proxy.tcp("relay"), 5_000);
        return client;
    }

    /** Until nothing moves any more: every buffer between the flood and the silent clients is full. */
    private static void awaitStandstill(ProxyProcess proxy, int clients) {
        long[] last = {-1, 0};
        Await.until("the flood stands still", Duration.ofMinutes(2), () -> {
            ProxyStatus status = proxy.status();
            long now = status.booked("relay", "to-client", "in_bytes");
            last[1] = now == last[0] ? last[1] + 1 : 0;
            last[0] = now;
            return status.connections("relay") == clients && now > 0 && last[1] >= 20;
        });
    }

    private static Socket connect(ProxyProcess proxy) throws IOException {
        Socket client = new Socket();
        client.setSoTimeout(PATIENCE_SECONDS * 1_000);
        client.connect(proxy.tcp("relay"), 5_000);
        return client;
    }

    /** Without probes: they are connections that the backends would take for clients. */
    private static String relay(int backendPort) {
        return """
                services:
                  - name: relay
                    listen: tcp://127.0.0.1:0
                    health: { protocol: none }
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(backendPort);
    }
}
