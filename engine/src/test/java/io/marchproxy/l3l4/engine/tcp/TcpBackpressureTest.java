package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Receivers that stall: the relay holds a bounded amount, spins on nothing and loses nothing. */
@Timeout(90)
class TcpBackpressureTest {
    private static final int BUFFER = 128 * 1024;

    /** What may be read beyond the buffer: one read, which is how the relay learns that it is full. */
    private static final int BOUND = BUFFER + Reader.LARGEST_READ;

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldHoldABoundedAmountForABackendThatStalls(Placed placed) throws Exception {
        CountDownLatch readOn = new CountDownLatch(1);
        CompletableFuture<byte[]> heard = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> {
                    readOn.await();
                    heard.complete(connection.getInputStream().readAllBytes());
                });
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.sendUntilStalled(() -> rig.totals(Direction.TO_BACKEND).held() > 0);
            assertBounded(rig, Direction.TO_BACKEND);
            client.end();
            readOn.countDown();
            assertArrayEquals(client.sent(), heard.get(60, TimeUnit.SECONDS));
        } finally {
            readOn.countDown();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldHoldABoundedAmountForAClientThatStalls(Placed placed) throws Exception {
        CompletableFuture<Sender> stalled = new CompletableFuture<>();
        CompletableFuture<TcpRig> relay = new CompletableFuture<>();
        CountDownLatch readOn = new CountDownLatch(1);
        try (TestBackend backend = new TestBackend(connection -> {
                    Sender sender = new Sender(connection.getChannel());
                    sender.sendUntilStalled(
                            () -> relay.get().totals(Direction.TO_CLIENT).held() > 0);
                    sender.end();
                    stalled.complete(sender);
                    readOn.await();
                });
                TcpRig rig = rig(placed, backend);
                Socket client = rig.connect()) {
            relay.complete(rig);
            Sender sender = stalled.get(20, TimeUnit.SECONDS);
            assertBounded(rig, Direction.TO_CLIENT);
            byte[] received = client.getInputStream().readAllBytes();
            assertArrayEquals(sender.sent(), received);
        } finally {
            readOn.countDown();
        }
    }

    /** The sender's FIN stands behind what the kernel keeps for us, which must not make us take it all in. */
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldHoldABoundedAmountWhenTheSenderHasEnded(Placed placed) throws Exception {
        Trickle trickle = new Trickle();
        try (TestBackend backend = new TestBackend(trickle::serve);
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.sendUntilStalled();
            client.end();
            Await.until("the FIN is in the relay's kernel", TcpRig.PATIENCE, () -> {
                trickle.more();
                return client.endIsAcknowledged();
            });
            awaitQuietness();
            long held = rig.totals(Direction.TO_BACKEND).held();
            assertTrue(held <= BOUND, held + " bytes wait in the relay");
            trickle.all();
            assertArrayEquals(client.sent(), trickle.received());
        }
    }

    /** Both halves of the client's socket are over while its bytes still wait for a backend that stalls. */
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldNotSpinOnASocketThatWaitsToBeReadOut(Placed placed) throws Exception {
        Trickle trickle = new Trickle();
        CompletableFuture<Socket> served = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> {
                    served.complete(connection);
                    trickle.serve(connection);
                });
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.sendUntilStalled();
            client.end();
            Await.until("the FIN is in the relay's kernel", TcpRig.PATIENCE, () -> {
                trickle.more();
                return client.endIsAcknowledged();
            });
            served.get(20, TimeUnit.SECONDS).shutdownOutput();
            client.awaitEnd();
            awaitQuietness();
            trickle.all();
            assertArrayEquals(client.sent(), trickle.received());
        }
    }

    /** The client is through both ways, and its last bytes wait for a backend that stalls. */
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldNotSpinOnASocketThatIsThroughWhileTheOtherIsNot(Placed placed) throws Exception {
        Trickle trickle = new Trickle();
        try (TestBackend backend = new TestBackend(connection -> {
                    connection.getInputStream().read();
                    connection.shutdownOutput();
                    trickle.serve(connection);
                });
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.sendUntilStalled();
            client.awaitEnd();
            client.end();
            Await.until("the FIN has been read", TcpRig.PATIENCE, () -> {
                trickle.more();
                return client.endIsAcknowledged();
            });
            awaitQuietness();
            trickle.all();
            byte[] sent = client.sent();
            assertArrayEquals(Arrays.copyOfRange(sent, 1, sent.length), trickle.received());
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldNotSpinAfterAnEndNorAResetThatFollows(Placed placed) throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        CountDownLatch writeOn = new CountDownLatch(1);
        try (TestBackend backend = new TestBackend(connection -> {
                    connection.getInputStream().readAllBytes();
                    ended.countDown();
                    writeOn.await();
                    connection.getOutputStream().write(1);
                });
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.end();
            assertTrue(ended.await(20, TimeUnit.SECONDS));
            awaitQuietness();
            client.reset();
            awaitQuietness();
            writeOn.countDown();
            rig.awaitQuiet();
        } finally {
            writeOn.countDown();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldPassAResetOnAlthoughTheOtherSideStalls(Placed placed) throws Exception {
        CountDownLatch readOn = new CountDownLatch(1);
        CompletableFuture<Throwable> ending = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> {
                    readOn.await();
                    ending.complete(assertThrows(
                            IOException.class, () -> connection.getInputStream().readAllBytes()));
                });
                TcpRig rig = rig(placed, backend);
                Sender client = new Sender(rig.connectChannel())) {
            client.sendUntilStalled();
            client.reset();
            if (placed.transport() != TransportKind.NIO) {
                // NIO can't tell before it reads or writes.
                rig.awaitQuiet();
            }
            awaitQuietness();
            readOn.countDown();
            ending.get(60, TimeUnit.SECONDS);
            rig.awaitQuiet();
            assertTrue(rig.totals(Direction.TO_BACKEND).balances());
        } finally {
            readOn.countDown();
        }
    }

    private static TcpRig rig(Placed placed, TestBackend backend) throws Exception {
        return new TcpRig(
                placed, TcpRig.service(backend.port()).bufferBytes(BUFFER).build());
    }

    private static void assertBounded(TcpRig rig, Direction direction) throws Exception {
        long held = rig.totals(direction).held();
        assertTrue(held > 0, "the receiver stalls, so something waits");
        assertTrue(held <= BOUND, held + " bytes wait in the relay");
    }

    /** Waits until the relay does next to nothing over a stretch of time; one that spins never does. */
    private static void awaitQuietness() {
        long stretch = TimeUnit.MILLISECONDS.toNanos(400);
        long[] begin = {System.nanoTime(), TcpRig.cpuNs()};
        Await.until("the shards' threads are idle", TcpRig.PATIENCE, () -> {
            if (System.nanoTime() - begin[0] < stretch) {
                return false;
            }
            long busy = TcpRig.cpuNs() - begin[1];
            begin[0] = System.nanoTime();
            begin[1] = TcpRig.cpuNs();
            return busy < stretch / 10;
        });
    }

    /** Reads a little at a time, when told to. */
    private static final class Trickle {
        private static final int STEP = 256 * 1024;
        private final Semaphore steps = new Semaphore(0);
        private final CompletableFuture<byte[]> received = new CompletableFuture<>();

        void serve(Socket connection) throws Exception {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (true) {
                assertTrue(steps.tryAcquire(60, TimeUnit.SECONDS));
                byte[] step = connection.getInputStream().readNBytes(STEP);
                bytes.write(step);
                if (step.length < STEP) {
                    received.complete(bytes.toByteArray());
                    return;
                }
            }
        }

        void more() {
            steps.release();
        }

        void all() {
            steps.release(1 << 20);
        }

        byte[] received() throws Exception {
            return received.get(60, TimeUnit.SECONDS);
        }
    }

    /** Sends without ever waiting, so that it can end its stream while nothing is taken any more. */
    private static final class Sender implements AutoCloseable {
        private static final long STALL_NS = TimeUnit.MILLISECONDS.toNanos(300);

        /** FIN-WAIT-2, TIME-WAIT and CLOSE: of a socket whose FIN was acknowledged, if it is in the kernel's tables still. */
        private static final List<Integer> ACKNOWLEDGED = List.of(5, 6, 7);

        /** More than the kernel's buffers of both hops may grow to (32 MiB each, tcp_rmem), which a busy machine lets them do. */
        private static final byte[] CONTENT = TcpRelayTest.random(80_000_000, 9);

        private final SocketChannel channel;
        private final ByteBuffer left = ByteBuffer.wrap(CONTENT);

        Sender(SocketChannel channel) throws IOException {
            this.channel = channel;
            // What waits here for the receiver's window must get out before the FIN can.
            channel.setOption(StandardSocketOptions.SO_SNDBUF, 128 * 1024);
            channel.configureBlocking(false);
        }

        void sendUntilStalled() {
            sendUntilStalled(() -> true);
        }

        /** A relay that has no CPU for a while takes nothing either: only when something waits in it has it really stalled. */
        void sendUntilStalled(Callable<Boolean> somethingWaits) {
            long[] lastNs = {System.nanoTime()};
            Await.until("the sender stalls", TcpRig.PATIENCE, () -> {
                if (channel.write(left) > 0) {
                    lastNs[0] = System.nanoTime();
                }
                assertTrue(left.hasRemaining(), "everything was taken, so nothing stalled");
                return System.nanoTime() - lastNs[0] > STALL_NS && somethingWaits.call();
            });
        }

        void end() throws IOException {
            channel.shutdownOutput();
        }

        void reset() throws IOException {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        }

        void awaitEnd() {
            ByteBuffer nothing = ByteBuffer.allocate(1);
            Await.until("the other side's end", TcpRig.PATIENCE, () -> channel.read(nothing) < 0);
        }

        byte[] sent() {
            return Arrays.copyOf(CONTENT, left.position());
        }

        /** Looks the socket's state up in /proc/net/tcp6: beyond the address family, both tables have the same columns. */
        boolean endIsAcknowledged() throws IOException {
            String port = column(channel.getLocalAddress());
            String peer = column(channel.getRemoteAddress());
            for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] columns = line.strip().split("\\s+");
                    if (columns[1].endsWith(port)
                            && columns[2].endsWith(peer)
                            && !ACKNOWLEDGED.contains(Integer.parseInt(columns[3], 16))) {
                        return false;
                    }
                }
            }
            return true;
        }

        private static String column(SocketAddress address) {
            return String.format(":%04X", ((InetSocketAddress) address).getPort());
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
