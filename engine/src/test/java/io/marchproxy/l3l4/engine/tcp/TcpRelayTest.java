package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BackendCounters;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes, ends and resets through the relay, on every transport and in both placements. */
@Timeout(60)
class TcpRelayTest {
    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldDeliverTheAnswerAfterTheClientHasEndedItsHalf(Placed placed) throws Exception {
        byte[] question = random(100_000, 1);
        CompletableFuture<byte[]> heard = new CompletableFuture<>();
        byte[] answer = random(300_000, 2);
        try (TestBackend backend = new TestBackend(connection -> {
                    heard.complete(connection.getInputStream().readAllBytes());
                    connection.getOutputStream().write(answer);
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            client.getOutputStream().write(question);
            client.shutdownOutput();
            assertArrayEquals(answer, client.getInputStream().readAllBytes());
            assertArrayEquals(question, heard.get(20, TimeUnit.SECONDS));
            rig.awaitQuiet();
            Await.value(
                    "books",
                    TcpRig.PATIENCE,
                    () -> rig.totals(Direction.TO_BACKEND),
                    totals -> totals.out() == 100_000);
            Await.value(
                    "books", TcpRig.PATIENCE, () -> rig.totals(Direction.TO_CLIENT), totals -> totals.out() == 300_000);
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldDeliverTheRequestAfterTheBackendHasEndedItsHalf(Placed placed) throws Exception {
        CompletableFuture<byte[]> heard = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> {
                    connection.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                    connection.shutdownOutput();
                    heard.complete(connection.getInputStream().readAllBytes());
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            assertEquals("hello", new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            byte[] request = random(500_000, 3);
            client.getOutputStream().write(request);
            client.shutdownOutput();
            assertArrayEquals(request, heard.get(20, TimeUnit.SECONDS));
            rig.awaitQuiet();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldTimeAnswersFromTheirQuestionsOn(Placed placed) throws Exception {
        long waitNs = 2 * BackendCounters.PROMPT_NS;
        try (TestBackend backend = new TestBackend(connection -> {
                    while (connection.getInputStream().read() >= 0) {
                        long askedNs = System.nanoTime();
                        while (System.nanoTime() - askedNs < waitNs) {
                            LockSupport.parkNanos(waitNs - (System.nanoTime() - askedNs));
                        }
                        connection.getOutputStream().write(1);
                        connection.getOutputStream().write(2);
                    }
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            for (int i = 0; i < 3; i++) {
                client.getOutputStream().write(i);
                assertEquals(2, client.getInputStream().readNBytes(2).length);
            }
            BackendCounters counted = rig.shard().perBackend();
            assertEquals(3, counted.questions(0));
            assertEquals(3, counted.answers(0), "two bytes in two pieces are one answer");
            assertTrue(counted.promptness(0) > 0);
            assertTrue(BackendCounters.waitNs(3, (double) counted.promptness(0)) >= waitNs);
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldPassTheClientsResetOn(Placed placed) throws Exception {
        CompletableFuture<Throwable> ending = new CompletableFuture<>();
        try (TestBackend backend = new TestBackend(connection -> ending.complete(endingOf(connection)));
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build())) {
            Socket client = rig.connect();
            Await.value("accepted", TcpRig.PATIENCE, backend::accepted, count -> count == 1);
            exchangeNothingYet(client);
            reset(client);
            assertInstanceOf(IOException.class, ending.get(20, TimeUnit.SECONDS));
            rig.awaitQuiet();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldPassTheBackendsResetOn(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(connection -> {
                    connection.getInputStream().read();
                    reset(connection);
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            client.getOutputStream().write(1);
            assertThrows(SocketException.class, () -> client.getInputStream().read());
            rig.awaitQuiet();
            assertEquals(1, backend.accepted(), "bytes may have been delivered, so nothing is tried again");
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldPassAResetOnThatComesAfterAnEnd(Placed placed) throws Exception {
        CompletableFuture<Throwable> ending = new CompletableFuture<>();
        CountDownLatch ended = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        try (TestBackend backend = new TestBackend(connection -> {
                    assertEquals(-1, connection.getInputStream().read());
                    ended.countDown();
                    OutputStream out = connection.getOutputStream();
                    try {
                        while (done.getCount() > 0) {
                            out.write(new byte[1000]);
                        }
                        ending.complete(new AssertionError("still connected"));
                    } catch (IOException e) {
                        ending.complete(e);
                    }
                });
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build())) {
            Socket client = rig.connect();
            client.shutdownOutput();
            assertTrue(ended.await(20, TimeUnit.SECONDS));
            reset(client);
            assertInstanceOf(IOException.class, ending.get(20, TimeUnit.SECONDS));
            rig.awaitQuiet();
        } finally {
            done.countDown();
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldCarryManyConnectionsAtOnceWithoutMixingUpAByte(Placed placed) throws Exception {
        int connections = 50;
        int bytes = 2_000_000;
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(
                        placed,
                        2,
                        TcpRig.service(backend.port()).bufferBytes(64 * 1024).build());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                int seed = i;
                Callable<Long> transfer = () -> echoed(rig, seed, bytes);
                results.add(threads.submit(transfer));
            }
            for (int i = 0; i < connections; i++) {
                assertEquals(crcOf(random(bytes, i)), results.get(i).get(50, TimeUnit.SECONDS));
            }
            rig.awaitQuiet();
            Await.value(
                    "books",
                    TcpRig.PATIENCE,
                    () -> rig.totals(Direction.TO_CLIENT).out(),
                    out -> out == (long) bytes * connections);
            assertEquals(connections, rig.relay().total(0));
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#transports")
    void shouldListenAndConnectInEitherFamily(Placed placed) throws Exception {
        for (String listen : List.of("127.0.0.1", "::1", "0.0.0.0", "::", "*")) {
            for (String behind : List.of("127.0.0.1", "::1")) {
                try (TestBackend backend = new TestBackend(behind, TestBackend::echo);
                        TcpRig rig = new TcpRig(
                                placed,
                                ServiceSettings.builder("web")
                                        .listen(Protocol.TCP, listen, 0)
                                        .backend("b", behind, backend.port())
                                        .build())) {
                    boolean four = !listen.equals("::1");
                    boolean six = listen.contains("::") || listen.equals("*");
                    assertEquals(four, answers(rig, "127.0.0.1"), listen + " by IPv4");
                    assertEquals(six, answers(rig, "::1"), listen + " by IPv6");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldKeepLiveConnectionsWhenListeningStops(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig =
                        new TcpRig(placed, 2, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            client.getOutputStream().write(7);
            assertEquals(7, client.getInputStream().read());
            InetSocketAddress address = rig.address();
            rig.stopListening();
            // The JDK closes a channel for good when its selector turns next, so NIO's kernel socket may take a moment.
            Await.until("nobody listens", TcpRig.PATIENCE, () -> refuses(address));
            client.getOutputStream().write(8);
            assertEquals(8, client.getInputStream().read());
            assertEquals(1, rig.relay().live(0));
        }
    }

    private static boolean refuses(InetSocketAddress address) {
        try (Socket client = new Socket(address.getAddress(), address.getPort())) {
            return !client.isConnected();
        } catch (IOException refused) {
            return true;
        }
    }

    @ParameterizedTest
    @MethodSource("io.marchproxy.l3l4.engine.tcp.Placed#everywhere")
    void shouldResetWhatIsLeftAtTheEnd(Placed placed) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                TcpRig rig = new TcpRig(placed, TcpRig.service(backend.port()).build());
                Socket client = rig.connect()) {
            client.getOutputStream().write(7);
            assertEquals(7, client.getInputStream().read());
            rig.relay().closeAll();
            assertThrows(SocketException.class, () -> client.getInputStream().read());
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "1000", "70000"})
    void shouldDeliverWhatWasSentRightBeforeTheEnd(int bytes) throws Exception {
        for (Placed placed : Placed.everywhere().toList()) {
            try (TestBackend backend = new TestBackend(TestBackend::echo);
                    TcpRig rig =
                            new TcpRig(placed, TcpRig.service(backend.port()).build())) {
                byte[] sent = random(bytes, bytes);
                try (Socket client = rig.connect()) {
                    // Everything is on its way before a backend is connected to.
                    client.getOutputStream().write(sent);
                    client.shutdownOutput();
                    assertArrayEquals(sent, client.getInputStream().readAllBytes(), placed.toString());
                }
            }
        }
    }

    private static long echoed(TcpRig rig, int seed, int bytes) throws Exception {
        try (Socket client = rig.connect()) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    client.getOutputStream().write(random(bytes, seed));
                    client.shutdownOutput();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            CheckedInputStream in = new CheckedInputStream(client.getInputStream(), new CRC32());
            in.transferTo(OutputStream.nullOutputStream());
            writer.join();
            return in.getChecksum().getValue();
        }
    }

    private static boolean answers(TcpRig rig, String host) throws IOException {
        try (Socket client = new Socket()) {
            client.connect(
                    new InetSocketAddress(TcpRig.literal(host), rig.address().getPort()), 5_000);
            client.setSoTimeout(10_000);
            client.getOutputStream().write(42);
            return client.getInputStream().read() == 42;
        } catch (SocketException e) {
            // refused
            return false;
        }
    }

    private static Throwable endingOf(Socket connection) {
        try {
            InputStream in = connection.getInputStream();
            while (in.read() >= 0) {
                // what came before the end does not matter
            }
            return new AssertionError("ended in good order");
        } catch (IOException e) {
            return e;
        }
    }

    /** Makes sure that the relay is through with opening, by a byte that went all the way. */
    private static void exchangeNothingYet(Socket client) throws IOException {
        client.getOutputStream().write(1);
    }

    static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    static byte[] random(int bytes, int seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static long crcOf(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
