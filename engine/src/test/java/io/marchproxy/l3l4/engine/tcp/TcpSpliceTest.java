package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bulk data through pipes: when it goes there, that it comes out as it went in, and what happens where that is refused. */
@Timeout(60)
class TcpSpliceTest {
    private static final int BULK = 8_000_000;
    private static final int MANY_PIPES = 16;

    /** Four pieces of 32 KiB, and the rate that has such a burst where nothing is said. */
    private static final long LEAST_BURST = 128 << 10;

    private static final long LEAST_RATE = 262_144_000;
    private static final long STALL_NS = TimeUnit.MILLISECONDS.toNanos(300);

    /** Transports that have descriptors, in both placements. */
    static Stream<Placed> splicing() {
        return Placed.everywhere().filter(placed -> placed.transport() != TransportKind.NIO);
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldCarryBulkThroughPipesAndHoldNothingWhenIdle(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            assertEchoed(client, BULK, 1);
            assertTrue(rig.relay().pipes() > 0, "bulk data was read into memory");
            Await.value("pipes", TcpRig.PATIENCE, rig.relay()::pipesInUse, left -> left == 0);
            Await.value("chunks", TcpRig.PATIENCE, rig.relay()::chunksInUse, left -> left == 0);
            assertEquals(1, rig.relay().live(0));
        }
    }

    /** A piece is a quarter of the burst, and one of less than 32 KiB is not worth a pipe: docs/QOS.md says from which rate on it is. */
    @ParameterizedTest
    @MethodSource("splicing")
    void shouldCarryBulkThroughPipesOnlyWhereBurstsAreLarge(Placed placed) throws Exception {
        assertEquals(LEAST_BURST, ShapingSettings.usualBurst(LEAST_RATE));
        assertTrue(ShapingSettings.usualBurst(LEAST_RATE - 2_000) < LEAST_BURST);
        for (long burst : new long[] {LEAST_BURST, LEAST_BURST - 4}) {
            try (TestBackend backend = new TestBackend(TestBackend::echo);
                    TcpRig rig = new TcpRig(
                            placed,
                            TcpRig.service(backend.port())
                                    .shaping(new ShapingSettings(LEAST_RATE, LEAST_RATE, burst))
                                    .build());
                    Socket client = rig.connect()) {
                assertEchoed(client, BULK, 2);
                assertEquals(burst == LEAST_BURST, rig.relay().pipes() > 0, burst + " bytes at once");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldKeepTheOrderWhenMessagesTurnIntoBulkAndBack(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            for (int round = 1; round <= 5; round++) {
                for (int bytes : new int[] {1, 100, 5_000, 70_000, 1, 2_000_000, 3}) {
                    assertEchoed(client, bytes, round * bytes);
                }
            }
            assertTrue(rig.relay().pipes() > 0);
        }
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldCountWhatIsLostInAPipeWhenAConnectionIsReset(Placed placed) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (TestBackend backend = new TestBackend(connection -> done.await());
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build())) {
            Socket client = rig.connect();
            Thread sender = Thread.ofVirtual().start(() -> sendUntilReset(client));
            Await.value("pipes", TcpRig.PATIENCE, rig.relay()::pipesInUse, inUse -> inUse == 1);
            awaitStall(rig);
            TcpRelayTest.reset(client);
            sender.join();
            rig.awaitQuiet();
            Await.value("books", TcpRig.PATIENCE, () -> rig.totals(Direction.TO_BACKEND), TcpRig.Totals::balances);
            assertTrue(rig.totals(Direction.TO_BACKEND).reset() > 0, "what was in the pipe is counted as dropped");
            assertEquals(0, rig.relay().pipesInUse());
        } finally {
            done.countDown();
        }
    }

    /** splice(2) stops in front of an urgent byte for good. */
    @ParameterizedTest
    @MethodSource("splicing")
    void shouldPassOverUrgentDataInBulk(Placed placed) throws Exception {
        assertUrgentPassedOver(placed, false);
    }

    /** Worse: with the end of the stream behind it, splice(2) says that there is nothing more. */
    @ParameterizedTest
    @MethodSource("splicing")
    void shouldPassOverUrgentDataInBulkThatEnds(Placed placed) throws Exception {
        assertUrgentPassedOver(placed, true);
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldGoThroughMemoryWhenAllPipesAreInUse(Placed placed) throws Exception {
        CountDownLatch readOn = new CountDownLatch(1);
        int connections = 4;
        List<CompletableFuture<byte[]>> heard = Stream.generate(CompletableFuture<byte[]>::new)
                .limit(connections)
                .toList();
        AtomicInteger next = new AtomicInteger();
        try (TestBackend backend = new TestBackend(connection -> {
                    int first = connection.getInputStream().read();
                    readOn.await();
                    ByteArrayOutputStream all = new ByteArrayOutputStream();
                    all.write(first);
                    connection.getInputStream().transferTo(all);
                    heard.get(next.getAndIncrement()).complete(all.toByteArray());
                });
                TcpRig rig = new TcpRig(
                        placed,
                        1,
                        TcpRig.service(backend.port()).build(),
                        shards -> new TcpRelay(shards, 1, StreamCalls::splice))) {
            byte[] sent = TcpRelayTest.random(2 * BULK, 5);
            List<Socket> clients = new ArrayList<>();
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                Socket client = rig.connect();
                clients.add(client);
                senders.add(sending(client, sent));
            }
            Await.value("pipes", TcpRig.PATIENCE, rig.relay()::pipesInUse, inUse -> inUse == 1);
            Await.value("chunks", TcpRig.PATIENCE, rig.relay()::chunksInUse, inUse -> inUse >= connections - 1);
            readOn.countDown();
            for (int i = 0; i < connections; i++) {
                assertArrayEquals(sent, heard.get(i).get(40, TimeUnit.SECONDS));
                senders.get(i).join();
                clients.get(i).close();
            }
            assertEquals(1, rig.relay().pipes(), "no more than it may have");
        } finally {
            readOn.countDown();
        }
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldGoThroughMemoryWhenNoPipeIsAllowed(Placed placed) throws Exception {
        assertCarried(placed, 256 * 1024, 0, StreamCalls::splice);
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldGoThroughMemoryWithTinyBuffers(Placed placed) throws Exception {
        assertCarried(placed, 4096, MANY_PIPES, (calls, from, to, bytes) -> {
            throw new AssertionError("a pipe holds more than the buffer may");
        });
    }

    @ParameterizedTest
    @MethodSource("splicing")
    void shouldGoThroughMemoryWhenTheKernelRefusesToSpliceFromTheSocket(Placed placed) throws Exception {
        AtomicInteger refusals = new AtomicInteger();
        assertCarried(placed, 256 * 1024, MANY_PIPES, (calls, from, to, bytes) -> {
            refusals.incrementAndGet();
            return -Errno.EINVAL;
        });
        assertTrue(refusals.get() > 0, "it was tried");
        assertTrue(refusals.get() <= 2, "and not again and again, but once for each direction at the most");
    }

    /** Worse: the bytes have left the one socket, and the other does not take them out of the pipe. */
    @ParameterizedTest
    @MethodSource("splicing")
    void shouldLoseNothingWhenTheKernelRefusesToSpliceToTheSocket(Placed placed) throws Exception {
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger refusals = new AtomicInteger();
        assertCarried(placed, 256 * 1024, MANY_PIPES, (calls, from, to, bytes) -> {
            if (!isPipe(from) || taken.incrementAndGet() <= 3) {
                return calls.splice(from, to, bytes);
            }
            refusals.incrementAndGet();
            return -Errno.EINVAL;
        });
        assertTrue(refusals.get() > 0, "it was tried");
    }

    private static void assertUrgentPassedOver(Placed placed, boolean andEnd) throws Exception {
        byte[] before = TcpRelayTest.random(2 * BULK, 6);
        byte[] behind = TcpRelayTest.random(200_000, 7);
        CountDownLatch readOn = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        CompletableFuture<byte[]> heard = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> {
                    readOn.await();
                    heard.complete(connection.getInputStream().readNBytes(before.length + behind.length));
                    done.await();
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            Thread sender = sendingUrgently(client, before, behind, andEnd);
            Await.value("pipes", TcpRig.PATIENCE, rig.relay()::pipesInUse, inUse -> inUse == 1);
            awaitStall(rig);
            readOn.countDown();
            byte[] all = Arrays.copyOf(before, before.length + behind.length);
            System.arraycopy(behind, 0, all, before.length, behind.length);
            assertArrayEquals(all, heard.get(40, TimeUnit.SECONDS));
            sender.join();
        } finally {
            readOn.countDown();
            done.countDown();
        }
    }

    private static Thread sendingUrgently(Socket client, byte[] before, byte[] behind, boolean andEnd) {
        return Thread.ofVirtual().start(() -> {
            try {
                client.getOutputStream().write(before);
                client.sendUrgentData('!');
                client.getOutputStream().write(behind);
                if (andEnd) {
                    client.shutdownOutput();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Waits until the kernel has taken nothing more for a while, though something waits. */
    private static void awaitStall(TcpRig rig) {
        long[] last = {-1, System.nanoTime()};
        Await.value("stalled", TcpRig.PATIENCE, () -> rig.totals(Direction.TO_BACKEND), totals -> {
            if (totals.out() != last[0] || totals.held() == 0) {
                last[0] = totals.out();
                last[1] = System.nanoTime();
            }
            return System.nanoTime() - last[1] > STALL_NS;
        });
    }

    private static void assertCarried(Placed placed, int buffer, int mostPipes, Splicing splicing) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        1,
                        TcpRig.service(backend.port()).bufferBytes(buffer).build(),
                        shards -> new TcpRelay(shards, mostPipes, splicing));
                Socket client = rig.connect()) {
            assertEchoed(client, BULK, 3);
            assertEchoed(client, 10, 4);
        }
    }

    private static void assertEchoed(Socket client, int bytes, int seed) throws Exception {
        byte[] sent = TcpRelayTest.random(bytes, seed);
        Thread sender = sending(client, sent, false);
        assertArrayEquals(sent, client.getInputStream().readNBytes(bytes));
        sender.join();
    }

    private static Thread sending(Socket client, byte[] bytes) {
        return sending(client, bytes, true);
    }

    private static Thread sending(Socket client, byte[] bytes, boolean andEnd) {
        return Thread.ofVirtual().start(() -> {
            try {
                client.getOutputStream().write(bytes);
                if (andEnd) {
                    client.shutdownOutput();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static void sendUntilReset(Socket client) {
        byte[] bytes = new byte[256 * 1024];
        try {
            OutputStream out = client.getOutputStream();
            while (!client.isClosed()) {
                out.write(bytes);
            }
        } catch (IOException e) {
            // that is the reset
        }
    }

    private static boolean isPipe(int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd))
                    .toString()
                    .startsWith("pipe:");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
