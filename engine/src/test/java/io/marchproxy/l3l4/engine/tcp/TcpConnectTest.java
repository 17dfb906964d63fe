package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ConnectSettings;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Connecting to backends: what is tried again, how often, and for how long. */
@Timeout(60)
class TcpConnectTest {
    private static final int ECONNREFUSED = 111;

    /** Longer than the rig waits for anything. */
    private static final Duration NEVER = TcpRig.PATIENCE.multipliedBy(2);

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldTryAnotherBackendWhenTheFirstRefuses(Placed placed) throws Exception {
        int closed = Ports.free();
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed, TcpRig.service(closed, backend.port()).build())) {
            for (int i = 0; i < 4; i++) {
                assertEquals(42, echoed(rig));
            }
            rig.awaitQuiet();
            TcpCounters counters = rig.relay().counters(0);
            assertTrue(counters.retries() >= 1, "round robin comes by the closed port");
            assertEquals(counters.retries(), counters.connectErrors());
            assertEquals(4, counters.durationsMs().getTotalCount());
            assertEquals(counters.retries(), rig.signals().size());
            assertEquals(Set.of(new TcpRig.Signal(0, ECONNREFUSED)), Set.copyOf(rig.signals()));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldTryAnotherBackendWhenTheFirstDoesNotAnswer(Placed placed) throws Exception {
        try (Deaf deaf = new Deaf();
                TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(deaf.port(), backend.port())
                                .connect(new ConnectSettings(Duration.ofMillis(150), 2, Duration.ofSeconds(5)))
                                .build())) {
            assertEquals(42, echoed(rig));
            assertEquals(42, echoed(rig));
            rig.awaitQuiet();
            assertTrue(rig.relay().counters(0).retries() >= 1);
            assertEquals(Set.of(new TcpRig.Signal(0, ConnectFailure.TIMED_OUT)), Set.copyOf(rig.signals()));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldNotTryAgainWhenThatIsSwitchedOff(Placed placed) throws Exception {
        int closed = Ports.free();
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(closed, backend.port())
                                .connect(new ConnectSettings(Duration.ofSeconds(1), 1, Duration.ofSeconds(3)))
                                .build())) {
            assertThrows(SocketException.class, () -> echoed(rig));
            assertEquals(42, echoed(rig));
            rig.awaitQuiet();
            assertEquals(0, rig.relay().counters(0).retries());
            assertEquals(1, rig.refused(DropReason.CONNECT_FAILED));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldGiveUpAfterTheTimeForAllTries(Placed placed) throws Exception {
        try (Deaf first = new Deaf();
                Deaf second = new Deaf();
                Deaf third = new Deaf();
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(first.port(), second.port(), third.port())
                                .connect(new ConnectSettings(Duration.ofSeconds(1), 3, Duration.ofMillis(1_500)))
                                .build())) {
            long begin = System.nanoTime();
            assertThrows(SocketException.class, () -> echoed(rig));
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            assertTrue(took.toMillis() >= 1_500, took + " is less than the time for all tries");
            rig.awaitQuiet();
            assertEquals(2, rig.relay().counters(0).connectErrors(), "the third try had no time left");
            assertEquals(1, rig.signals().size(), "the second had half of its time, which is not its backend's fault");
            assertEquals(ConnectFailure.TIMED_OUT, rig.signals().getFirst().errno());
            assertEquals(1, rig.refused(DropReason.CONNECT_FAILED));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldForgetAClientThatResetsBeforeABackendAnswers(Placed placed) throws Exception {
        // NIO can't tell before it reads or writes.
        Duration atMost = placed.transport() == TransportKind.NIO ? Duration.ofSeconds(2) : NEVER;
        try (Deaf deaf = new Deaf();
                TcpRig rig = new TcpRig(
                        placed,
                        TcpRig.service(deaf.port())
                                .connect(new ConnectSettings(atMost, 1, atMost))
                                .build())) {
            Socket client = rig.connect();
            Await.value("accepted", TcpRig.PATIENCE, () -> rig.relay().live(0), live -> live == 1);
            TcpRelayTest.reset(client);
            rig.awaitQuiet();
        }
    }

    private static int echoed(TcpRig rig) throws IOException {
        try (Socket client = rig.connect()) {
            client.getOutputStream().write(42);
            return client.getInputStream().read();
        }
    }

    /** A listener whose queue of connections is full, so that the kernel lets further ones wait without an answer. */
    private static final class Deaf implements AutoCloseable {
        private final ServerSocket server = new ServerSocket();
        private final List<Socket> queued = new ArrayList<>();

        Deaf() throws IOException {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            try {
                while (queued.size() < 16) {
                    Socket filler = new Socket();
                    queued.add(filler);
                    filler.connect(server.getLocalSocketAddress(), 100);
                }
                throw new AssertionError("the queue never fills");
            } catch (java.net.SocketTimeoutException e) {
                // full
            }
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : queued) {
                socket.close();
            }
            server.close();
        }
    }
}
