package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AcceptRate;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who is let in: the connection cap, the accept rate, idle connections and what a reload changes. */
@Timeout(60)
class TcpAdmissionTest {
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldKeepTheConnectionCapExactlyOverAllShards(Placed placed) throws Exception {
        int cap = 10;
        int attempts = 40;
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        2,
                        TcpRig.service(backend.port()).maxConnections(cap).build());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Socket>> all = new ArrayList<>();
            for (int i = 0; i < attempts; i++) {
                Callable<Socket> attempt = () -> answered(rig);
                all.add(threads.submit(attempt));
            }
            List<Socket> admitted = new ArrayList<>();
            for (Future<Socket> attempt : all) {
                Socket client = attempt.get(30, TimeUnit.SECONDS);
                if (!client.isClosed()) {
                    admitted.add(client);
                }
            }
            assertEquals(cap, admitted.size());
            assertEquals(cap, rig.relay().live(0));
            assertEquals(attempts - cap, rig.refused(DropReason.CONNECTION_CAP));
            admitted.removeFirst().close();
            Await.value("places", TcpRig.PATIENCE, () -> rig.relay().live(0), live -> live == cap - 1);
            Socket next = answered(rig);
            assertTrue(!next.isClosed(), "a place that was given back is there for the next");
            next.close();
            for (Socket client : admitted) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldRefuseAClientThatConnectsTooFast(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(backend.port())
                                .acceptRate(new AcceptRate(1, 3))
                                .build())) {
            int admitted = 0;
            int refused = 0;
            long begin = System.nanoTime();
            while (refused < 2 && admitted < 50) {
                try (Socket client = answered(rig)) {
                    if (client.isClosed()) {
                        refused++;
                    } else {
                        admitted++;
                    }
                }
            }
            long most = 3 + Duration.ofNanos(System.nanoTime() - begin).toSeconds() + 1;
            assertTrue(
                    admitted >= 3 && admitted <= most,
                    admitted + " are admitted: a burst of 3 and one a second are " + most + " at the most");
            assertEquals(2, refused);
            assertEquals(refused, rig.refused(DropReason.ACCEPT_RATE));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldEndConnectionsThatAreSilentForTheIdleTimeout(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(backend.port())
                                .idleTimeout(Duration.ofSeconds(1))
                                .build());
                Socket client = answered(rig)) {
            assertEquals(-1, client.getInputStream().read(), "in good order, since nothing was unsent");
            rig.awaitQuiet();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldResetAClientThatNeverReadsAtTheIdleTimeout(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(connection -> {
                    connection.getInputStream().read();
                    // More than all sockets on the way take, whose buffers may grow to tens of megabytes.
                    byte[] piece = new byte[1_000_000];
                    for (int i = 0; i < 500; i++) {
                        connection.getOutputStream().write(piece);
                    }
                });
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(backend.port())
                                .idleTimeout(Duration.ofSeconds(2))
                                .build());
                Socket client = rig.connect()) {
            client.getOutputStream().write(1);
            Await.value("accepted", TcpRig.PATIENCE, backend::accepted, count -> count == 1);
            rig.awaitQuiet();
            assertThrows(SocketException.class, () -> client.getInputStream().readAllBytes());
            Await.value(
                    "the backend is told",
                    TcpRig.PATIENCE,
                    () -> backend.failures().size(),
                    size -> size == 1);
        }
    }

    @Test
    void shouldApplyAReloadToNewConnectionsAlone() throws Exception {
        Placed placed = Placed.transports().findFirst().orElseThrow();
        try (TestBackend backend = new TestBackend(TestBackend::echo)) {
            ServiceSettings before =
                    TcpRig.service(backend.port()).maxConnections(2).build();
            try (TcpRig rig = new TcpRig(placed, before);
                    Socket first = answered(rig);
                    Socket second = answered(rig)) {
                rig.reload(TcpRig.service(backend.port()).maxConnections(1).build());
                assertTrue(answered(rig).isClosed());
                second.getOutputStream().write(9);
                assertEquals(9, second.getInputStream().read());
                first.shutdownOutput();
                second.shutdownOutput();
                rig.awaitQuiet();
                Socket third = answered(rig);
                assertTrue(!third.isClosed());
                third.close();
            }
        }
    }

    /** A client whose byte came back, or a closed one when it was reset. */
    private static Socket answered(TcpRig rig) throws IOException {
        Socket client = new Socket();
        try {
            client.connect(rig.address());
            client.setSoTimeout((int) TcpRig.PATIENCE.toMillis());
            client.getOutputStream().write(42);
            assertEquals(42, client.getInputStream().read());
        } catch (SocketException e) {
            client.close();
        }
        return client;
    }
}
