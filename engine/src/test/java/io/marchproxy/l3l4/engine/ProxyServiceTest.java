package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.testing.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The wired service with real sockets, in every placement and transport. */
@Timeout(60)
class ProxyServiceTest {
    private static final int BYTES = 3_000_000;

    static Stream<Arguments> machines() {
        return Stream.of(EngineSettings.Mode.RUN_TO_COMPLETION, EngineSettings.Mode.PIPELINED)
                .flatMap(mode -> Stream.of(
                                EngineSettings.Transport.IO_URING,
                                EngineSettings.Transport.EPOLL,
                                EngineSettings.Transport.NIO)
                        .map(transport -> Arguments.of(mode, transport)));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldEchoThroughABackendWithoutLosingAByte(EngineSettings.Mode mode, EngineSettings.Transport transport)
            throws Exception {
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(settings(mode, transport, 2, service(backend.port())))) {
            byte[] sent = new byte[BYTES];
            new Random(7).nextBytes(sent);
            InetSocketAddress address = proxy.listening("echo").getFirst();
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                Thread writer = Thread.ofVirtual().start(() -> writeAll(client, sent));
                byte[] received = client.getInputStream().readAllBytes();
                writer.join();
                assertArrayEquals(sent, received, () -> proxy.status().toString());
            }
            await(() -> proxy.status().services().getFirst().connections() == 0);
            await(() -> held(proxy) == 0);
            StatusReport status = proxy.status();
            assertEquals(1, status.services().getFirst().total());
            for (StatusReport.BooksLine line : status.books()) {
                assertEquals(0, line.imbalanceBytes(), line::toString);
                assertEquals(BYTES, line.outBytes(), line::toString);
                assertEquals(List.of(), line.drops());
            }
            assertEquals(2, status.books().size());
            assertEquals(
                    0,
                    status.shards().stream()
                            .mapToLong(StatusReport.ShardStatus::flows)
                            .sum());
            assertEquals(0, status.unexpectedErrors());
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldResetTheClientWhenNoBackendListens(EngineSettings.Mode mode, EngineSettings.Transport transport)
            throws Exception {
        int nobody = Ports.free();
        try (ProxyService proxy = ProxyService.start(settings(mode, transport, 1, service(nobody)))) {
            InetSocketAddress address = proxy.listening("echo").getFirst();
            assertThrows(IOException.class, () -> {
                try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                    assertEquals(-1, client.getInputStream().read());
                    throw new IOException("ended in good order");
                }
            });
            await(() -> proxy.status().services().getFirst().connections() == 0);
            assertTrue(proxy.status().books().stream()
                    .anyMatch(line -> !line.drops().isEmpty()));
            assertEquals(0, proxy.status().unexpectedErrors());
        }
    }

    @Test
    void shouldExplainWhereAFlowGoesThatIsThereAlready() throws Exception {
        try (EchoServer backend = new EchoServer();
                EchoServer other = new EchoServer();
                ProxyService proxy = ProxyService.start(settings(
                        EngineSettings.Mode.AUTO,
                        EngineSettings.Transport.AUTO,
                        2,
                        ServiceSettings.builder("echo")
                                .listen(Protocol.TCP, "127.0.0.1", 0)
                                .backend("one", "127.0.0.1", backend.port())
                                .backend("two", "127.0.0.1", other.port())
                                .build()))) {
            InetSocketAddress address = proxy.listening("echo").getFirst();
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                client.getOutputStream().write(7);
                assertEquals(7, client.getInputStream().read());

                List<String> remarks = remarks(proxy, client.getLocalPort());

                assertTrue(
                        remarks.getFirst().startsWith("this flow is there already: it goes to one and stays"),
                        remarks::toString);
                assertEquals(List.of(), remarks(proxy, client.getLocalPort() == 1 ? 2 : 1), "one that is not there");
            }
        }
    }

    private static List<String> remarks(ProxyService proxy, int port) {
        int listening = proxy.listening("echo").getFirst().getPort();
        Explanation told = proxy.explain(Tuple.of("tcp 127.0.0.1:" + port + " 127.0.0.1:" + listening, 0), "echo", 0);
        return Objects.requireNonNull(told).remarks();
    }

    @Test
    void shouldRefuseAPortThatIsTakenAndKeepTheFormerConfiguration() throws Exception {
        try (EchoServer backend = new EchoServer();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ProxyService proxy = ProxyService.start(settings(
                        EngineSettings.Mode.AUTO, EngineSettings.Transport.AUTO, 1, service(backend.port())))) {
            ServiceSettings other = ServiceSettings.builder("other")
                    .listen(Protocol.TCP, "127.0.0.1", taken.getLocalPort())
                    .backend("b", "127.0.0.1", backend.port())
                    .build();
            ProxySettings next = settings(EngineSettings.Mode.AUTO, EngineSettings.Transport.AUTO, 1, other);
            ReloadException refusal = assertThrows(ReloadException.class, () -> proxy.reload(next));
            assertTrue(refusal.getMessage().contains("other"), refusal.getMessage());
            assertTrue(refusal.getMessage().contains("taken"), refusal.getMessage());
            assertEquals(1, proxy.status().reloadsRefused());
            InetSocketAddress address = proxy.listening("echo").getFirst();
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                client.getOutputStream().write(42);
                assertEquals(42, client.getInputStream().read());
            }
        }
    }

    @Test
    void shouldKeepCountingWhatWasExchangedWithABackendThatAReloadTookAway() throws Exception {
        int port = Ports.free();
        try (EchoServer first = new EchoServer();
                EchoServer second = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(named("a", port, "127.0.0.1", first.port())))) {
            try (Socket client = connect(port)) {
                assertEchoes(client);
            }
            await(() -> proxy.status().services().getFirst().connections() == 0);
            await(() -> proxy.status().clouds().regions().getFirst().flows() == 0);
            List<StatusReport.RegionStatus> before = proxy.status().clouds().regions();
            assertTrue(before.getFirst().bytesToClient() > 0, before::toString);
            proxy.reload(automatic(named("a", port, "127.0.0.1", second.port())));
            assertEquals(before, proxy.status().clouds().regions());
        }
    }

    @Test
    void shouldMoveAnAddressFromOneServiceToAnotherAndBack() throws Exception {
        int port = Ports.free();
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(named("a", port, "127.0.0.1", backend.port())));
                Socket early = connect(port)) {
            assertEchoes(early);
            for (String name : List.of("b", "a", "b")) {
                proxy.reload(automatic(named(name, port, "127.0.0.1", backend.port())));
                try (Socket client = connect(port)) {
                    assertEchoes(client);
                }
                assertEquals(1, proxy.listening(name).size());
            }
            assertEchoes(early);
            assertEquals(List.of(), proxy.listening("a"));
            assertEquals(
                    List.of(2L, 2L),
                    proxy.status().services().stream()
                            .map(StatusReport.ServiceStatus::total)
                            .toList());
            assertEquals(0, proxy.status().unexpectedErrors());
        }
    }

    @Test
    void shouldReloadAfterAReloadThatWasRefusedForAnUnknownHost() throws Exception {
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(service(backend.port())))) {
            ProxySettings faulty = automatic(service(backend.port()), named("other", 0, "nobody.invalid", 80));
            String message = String.valueOf(assertThrows(ReloadException.class, () -> proxy.reload(faulty))
                    .getMessage());
            // Whether it is unknown or not resolved in time is this machine's name server's affair.
            assertTrue(message.contains("host name nobody.invalid"), message);
            proxy.reload(automatic(service(backend.port()), named("third", 0, "127.0.0.1", backend.port())));
            for (String name : List.of("echo", "third")) {
                try (Socket client = connect(proxy.listening(name).getFirst().getPort())) {
                    assertEchoes(client);
                }
            }
            assertEquals(1, proxy.status().reloadsRefused());
        }
    }

    @Test
    void shouldShowNoServiceOfARefusedReload() throws Exception {
        try (EchoServer backend = new EchoServer();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ProxyService proxy = ProxyService.start(automatic(service(backend.port())))) {
            for (String name : List.of("g1", "g2", "g3")) {
                ProxySettings refused = automatic(
                        service(backend.port()), named(name, taken.getLocalPort(), "127.0.0.1", backend.port()));
                assertThrows(ReloadException.class, () -> proxy.reload(refused));
            }
            proxy.reload(automatic(service(backend.port())));
            assertEquals(List.of("echo"), serviceNames(proxy));
        }
    }

    @Test
    void shouldShowServicesThatAreGoneAsOne() throws Exception {
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(named("r0", 0, "127.0.0.1", backend.port())))) {
            for (int i = 1; i <= 5; i++) {
                try (Socket client =
                        connect(proxy.listening("r" + (i - 1)).getFirst().getPort())) {
                    assertEchoes(client);
                }
                proxy.reload(automatic(named("r" + i, 0, "127.0.0.1", backend.port())));
            }
            await(() -> serviceNames(proxy).equals(List.of("r5", "(removed)")));
            StatusReport status = proxy.status();
            assertEquals(5, status.services().getLast().total());
            assertEquals(2, status.books().size(), () -> status.books().toString());
            assertEquals(
                    List.of(5L, 5L),
                    status.books().stream()
                            .map(StatusReport.BooksLine::outBytes)
                            .toList());
        }
    }

    @Test
    void shouldWaitForTheAnswersOfUdpQuestionsWhenItDrains() throws Exception {
        try (DatagramSocket backend = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                ProxyService proxy = ProxyService.start(automatic(ServiceSettings.builder("dns")
                        .listen(Protocol.UDP, "127.0.0.1", 0)
                        .backend("b", "127.0.0.1", backend.getLocalPort())
                        .replies(1)
                        .build()))) {
            InetSocketAddress address = proxy.listening("dns").getFirst();
            client.setSoTimeout(20_000);
            client.send(new DatagramPacket(new byte[] {42}, 1, address));
            DatagramPacket question = new DatagramPacket(new byte[1], 1);
            backend.setSoTimeout(20_000);
            backend.receive(question);
            CompletableFuture<Void> drained = CompletableFuture.runAsync(() -> {
                try {
                    proxy.drain(Duration.ofSeconds(30));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            await(() -> proxy.listening("dns").isEmpty());
            assertThrows(TimeoutException.class, () -> drained.get(200, TimeUnit.MILLISECONDS));
            backend.send(new DatagramPacket(new byte[] {43}, 1, question.getSocketAddress()));
            DatagramPacket answer = new DatagramPacket(new byte[1], 1);
            client.receive(answer);
            assertEquals(43, answer.getData()[0]);
            assertEquals(address, answer.getSocketAddress());
            drained.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldReachALocalhostThatListensOnOneFamilyAlone() throws Exception {
        try (EchoServer six = new EchoServer(InetAddress.ofLiteral("::1"));
                ProxyService proxy = ProxyService.start(automatic(named("local", 0, "localhost", six.port())))) {
            await(() -> {
                try (Socket client = connect(proxy.listening("local").getFirst().getPort())) {
                    client.setSoTimeout(20_000);
                    client.getOutputStream().write(42);
                    return client.getInputStream().read() == 42;
                } catch (IOException e) {
                    return false;
                }
            });
        }
    }

    @Test
    void shouldBeNoLongerReadyOnceItsStopIsAnnounced() throws Exception {
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(service(backend.port())))) {
            assertTrue(proxy.ready());
            proxy.announceStop();
            assertFalse(proxy.ready());
            assertThrows(ReloadException.class, () -> proxy.reload(automatic(service(backend.port()))));
        }
    }

    private static List<String> serviceNames(ProxyService proxy) {
        return proxy.status().services().stream()
                .map(StatusReport.ServiceStatus::name)
                .toList();
    }

    @Test
    void shouldTellItsStatusAlsoWhenItIsClosed() throws Exception {
        ProxyService closed;
        try (EchoServer backend = new EchoServer();
                ProxyService proxy = ProxyService.start(automatic(service(backend.port())));
                Socket client = connect(proxy.listening("echo").getFirst().getPort())) {
            closed = proxy;
            assertEchoes(client);
        }
        assertFalse(closed.live());
        StatusReport last = closed.status();
        assertEquals(1, last.services().getFirst().total());
        assertEquals(2, last.books().size());
    }

    private static Socket connect(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    private static void assertEchoes(Socket client) throws IOException {
        client.setSoTimeout(20_000);
        client.getOutputStream().write(42);
        assertEquals(42, client.getInputStream().read());
    }

    private static ServiceSettings named(String name, int port, String backendHost, int backendPort) {
        return ServiceSettings.builder(name)
                .listen(Protocol.TCP, "127.0.0.1", port)
                .backend("b1", backendHost, backendPort)
                .build();
    }

    private static ProxySettings automatic(ServiceSettings... services) {
        return settings(EngineSettings.Mode.AUTO, EngineSettings.Transport.AUTO, 2, services);
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"TCP", "UDP"})
    void shouldNotShareAPortUnnoticedWithAnotherProxy(Protocol protocol) throws Exception {
        ServiceSettings first = ServiceSettings.builder("first")
                .listen(protocol, "127.0.0.1", 0)
                .backend("b", "127.0.0.1", 9)
                .build();
        try (ProxyService proxy =
                ProxyService.start(settings(EngineSettings.Mode.AUTO, EngineSettings.Transport.AUTO, 2, first))) {
            ServiceSettings second = ServiceSettings.builder("second")
                    .listen(
                            protocol,
                            "127.0.0.1",
                            proxy.listening("first").getFirst().getPort())
                    .backend("b", "127.0.0.1", 9)
                    .build();
            StartupException refusal = assertThrows(
                    StartupException.class,
                    () -> ProxyService.start(
                                    settings(EngineSettings.Mode.AUTO, EngineSettings.Transport.AUTO, 2, second))
                            .close());
            assertTrue(refusal.getMessage().contains("taken by another program"), refusal.getMessage());
        }
    }

    private static ServiceSettings service(int backendPort) {
        return ServiceSettings.builder("echo")
                .listen(Protocol.TCP, "127.0.0.1", 0)
                .backend("b1", "127.0.0.1", backendPort)
                .build();
    }

    private static ProxySettings settings(
            EngineSettings.Mode mode, EngineSettings.Transport transport, int shards, ServiceSettings... services) {
        return new ProxySettings(
                Path.of("data"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT
                        .withMode(mode)
                        .withTransport(transport)
                        .withShards(shards)
                        .withMaxFlows(10_000),
                QosSettings.DEFAULT,
                List.of(services),
                ProxySettings.LogLevel.INFO,
                "test");
    }

    private static long held(ProxyService proxy) {
        return proxy.status().books().stream()
                .mapToLong(StatusReport.BooksLine::heldBytes)
                .sum();
    }

    private static void writeAll(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "the condition did not come true in time");
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }

    /** Echoes until the client's FIN, then sends its own. */
    private static final class EchoServer implements AutoCloseable {
        private final ServerSocket server;

        EchoServer() throws IOException {
            this(InetAddress.getLoopbackAddress());
        }

        EchoServer(InetAddress address) throws IOException {
            server = new ServerSocket(0, 50, address);
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        Socket client = server.accept();
                        Thread.ofVirtual().start(() -> echo(client));
                    }
                } catch (IOException e) {
                    // closed by the test
                }
            });
        }

        int port() {
            return server.getLocalPort();
        }

        private static void echo(Socket client) {
            try (client;
                    InputStream in = client.getInputStream();
                    OutputStream out = client.getOutputStream()) {
                in.transferTo(out);
            } catch (IOException e) {
                // a probe's reset
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
