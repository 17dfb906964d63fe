package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.testing.Await;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A backend goes out while connections to it are on their way between threads. */
@Timeout(60)
class TcpOutageTest {
    private static final int SILENT = 0;

    static Stream<Placed> pipelined() {
        return Placed.everywhere().filter(Placed::pipelined);
    }

    @ParameterizedTest
    @MethodSource("pipelined")
    void shouldNotForgetAConnectionThatTheStagesWereStillToChooseABackendFor(Placed placed) throws Exception {
        try (TestBackend silent = new TestBackend(TcpOutageTest::listen);
                TestBackend other = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed, TcpRig.service(silent.port(), other.port()).build())) {
            try (Halt before = new Halt(rig.shard()).begins()) {
                Socket client = asks(rig);
                before.awaitEvents(2);
                backendIsOut(rig);
                before.end();
                assertIsReleased(client);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pipelined")
    void shouldNotForgetAConnectionThatTheStagesWereStillToBeToldIsConnected(Placed placed) throws Exception {
        try (TestBackend silent = new TestBackend(TcpOutageTest::listen);
                TestBackend other = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed, TcpRig.service(silent.port(), other.port()).build())) {
            try (Halt before = new Halt(rig.shard()).begins()) {
                Socket client = asks(rig);
                before.awaitEvents(2);
                try (Halt behind = new Halt(rig.shard())) {
                    before.end();
                    behind.begins().awaitEvents(3);
                    backendIsOut(rig);
                    behind.end();
                    assertIsReleased(client);
                }
            }
        }
    }

    /** As the health monitor's listener does: the stages are told, then the relay. */
    private static void backendIsOut(TcpRig rig) throws Exception {
        rig.shard().health(0, SILENT, false);
        rig.relay().backendIsOut(SILENT, 0, () -> true);
        rig.shard().loop().submit(() -> {}).get(TcpRig.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static Socket asks(TcpRig rig) throws IOException {
        Socket client = rig.connect();
        client.getOutputStream().write(42);
        return client;
    }

    /** Reset by the proxy, or served by the other: what is never to be is that it waits for the one that is out. */
    private static void assertIsReleased(Socket client) throws IOException {
        try (client) {
            assertEquals(42, client.getInputStream().read());
        } catch (SocketException e) {
            // Reset, as the settings want it of those that were connected.
        }
    }

    private static void listen(Socket connection) {
        try {
            connection.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException _) {
            // Reset, which is as it should be.
        }
    }

    /** Keeps the stages of a shard from going on, from where it stands in the ring. */
    private static final class Halt implements AutoCloseable {
        private final Shard shard;
        private final CountDownLatch over = new CountDownLatch(1);
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CompletableFuture<Void> ended;

        Halt(Shard shard) throws Exception {
            this.shard = shard;
            ended = shard.inquire(pipeline -> {
                begun.countDown();
                try {
                    over.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            shard.loop().submit(() -> {}).get(TcpRig.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        Halt begins() throws InterruptedException {
            begun.await();
            return this;
        }

        /** Waits until so many events are in the ring, of which none leaves it: this one, and those of its batch, too. */
        void awaitEvents(int count) {
            Await.until("events wait for the stages", TcpRig.PATIENCE, () -> shard.ringUsed() >= count);
        }

        void end() {
            over.countDown();
            ended.join();
        }

        @Override
        public void close() {
            end();
        }
    }
}
