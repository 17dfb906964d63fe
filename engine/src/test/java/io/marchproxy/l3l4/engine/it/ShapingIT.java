package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.testing.Await;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rates that are set, over real sockets: what arrives, and when. */
class ShapingIT {
    private static final int DATAGRAM = 1_000;
    private static final long BURST = 16 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Datagrams that fit into a socket's buffer at once, however small the kernel's limits and however slow who receives. */
    private static final int SOME = 80;

    /** The most that one read takes in, of which a connection may hold one more than its buffer. */
    private static final int LARGEST_CHUNK = 128 << 10;

    private static ServiceSettings udp(int backendPort, int port, long rate) {
        return ServiceSettings.builder("udp")
                .listen(Protocol.UDP, "127.0.0.1", port)
                .backend("b", "127.0.0.1", backendPort)
                .shaping(new ShapingSettings(rate, 0, BURST))
                .build();
    }

    private static ProxySettings settings(EngineSettings.Mode mode, ServiceSettings service) {
        return settings(mode, 1, service);
    }

    private static ProxySettings settings(EngineSettings.Mode mode, int shards, ServiceSettings service) {
        return settings(mode, shards, QosSettings.DEFAULT, service);
    }

    /** Datagrams that wait for seconds are no fault of anybody here. */
    private static ProxySettings patient(ServiceSettings service) {
        QosSettings.Codel usual = QosSettings.Codel.DEFAULT;
        QosSettings.Codel off = new QosSettings.Codel(false, usual.target(), usual.interval());
        return settings(
                EngineSettings.Mode.AUTO,
                1,
                new QosSettings(true, 0, off, QosSettings.DEFAULT.classes(), List.of()),
                service);
    }

    private static ProxySettings settings(
            EngineSettings.Mode mode, int shards, QosSettings qos, ServiceSettings service) {
        return new ProxySettings(
                Path.of("data"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT.withMode(mode).withShards(shards).withMaxFlows(1_000),
                qos,
                List.of(service),
                ProxySettings.LogLevel.INFO,
                "test");
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldHoldDatagramsToTheRateAndDropWhatIsMore(EngineSettings.Mode mode) throws Exception {
        long rate = 16_000_000;
        try (Sink sink = new Sink();
                ProxyService proxy = ProxyService.start(settings(mode, udp(sink.port(), 0, rate)))) {
            InetSocketAddress to = proxy.listening("udp").getFirst();
            long beganNs = System.nanoTime();
            try (Flood flood = new Flood(to, rate)) {
                Meter meter = new Meter(sink::bytes, rate, BURST, beganNs);
                Await.until("a second at the rate", PATIENCE, meter::isAtTheRate);
                assertTrue(flood.sent() * DATAGRAM > 1.5 * sink.bytes(), "more than the rate was sent");
            }
            assertTrue(dropped(proxy) > 0, "what does not fit into the queue is dropped");
            assertEquals(0, imbalance(proxy));
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void shouldHoldStreamsToTheRateByNotReadingThem(EngineSettings.Mode mode) throws Exception {
        long rate = 80_000_000;
        int connections = 4;
        try (Source source = new Source()) {
            ServiceSettings service = ServiceSettings.builder("tcp")
                    .listen(Protocol.TCP, "127.0.0.1", 0)
                    .backend("b", "127.0.0.1", source.port())
                    .shaping(new ShapingSettings(0, rate, ShapingSettings.usualBurst(rate)))
                    .build();
            try (ProxyService proxy = ProxyService.start(settings(mode, service))) {
                InetSocketAddress to = proxy.listening("tcp").getFirst();
                AtomicLong received = new AtomicLong();
                long beganNs = System.nanoTime();
                List<Socket> sockets = new ArrayList<>();
                for (int i = 0; i < connections; i++) {
                    Socket socket = new Socket(to.getAddress(), to.getPort());
                    sockets.add(socket);
                    Thread.ofVirtual().start(() -> drain(socket, received));
                }
                Meter meter = new Meter(received::get, rate, ShapingSettings.usualBurst(rate), beganNs);
                Await.until("a second at the rate", PATIENCE, meter::isAtTheRate);
                long heldBytes = Await.value("bytes wait", PATIENCE, () -> held(proxy), held -> held > 0);
                assertTrue(
                        heldBytes <= connections * (long) (service.bufferBytes() + LARGEST_CHUNK),
                        heldBytes + " bytes wait, more than the buffers of the connections");
                assertEquals(0, dropped(proxy));
                assertEquals(0, imbalance(proxy));
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
    }

    /** One connection is on one shard, and is to have what the other does not use. */
    @Test
    void shouldGiveTheWholeRateToTheShardWhereTheTrafficIs() throws Exception {
        long rate = 40_000_000;
        try (Source source = new Source()) {
            ServiceSettings service = ServiceSettings.builder("tcp")
                    .listen(Protocol.TCP, "127.0.0.1", 0)
                    .backend("b", "127.0.0.1", source.port())
                    .shaping(new ShapingSettings(0, rate, ShapingSettings.usualBurst(rate)))
                    .build();
            try (ProxyService proxy = ProxyService.start(settings(EngineSettings.Mode.RUN_TO_COMPLETION, 2, service));
                    Socket socket = new Socket(
                            InetAddress.getLoopbackAddress(),
                            proxy.listening("tcp").getFirst().getPort())) {
                AtomicLong received = new AtomicLong();
                long beganNs = System.nanoTime();
                Thread.ofVirtual().start(() -> drain(socket, received));
                Meter meter = new Meter(received::get, rate, ShapingSettings.usualBurst(rate), beganNs);
                Await.until("a second at the rate", PATIENCE, meter::isAtTheRate);
                assertEquals(0, imbalance(proxy));
            }
        }
    }

    @Test
    void shouldChangeTheRateWithoutLosingWhatWaits() throws Exception {
        try (Sink sink = new Sink();
                ProxyService proxy = ProxyService.start(patient(udp(sink.port(), 0, 8_000)))) {
            InetSocketAddress to = proxy.listening("udp").getFirst();
            send(to);
            awaitMostWaiting(proxy, sink);

            proxy.reload(patient(udp(sink.port(), to.getPort(), 1_000_000_000)));

            Await.until("all have come", PATIENCE, () -> sink.datagrams() == SOME);
            assertEquals(0, dropped(proxy));
            assertEquals(0, held(proxy));
        }
    }

    @Test
    void shouldLetEverythingGoWhenItEnds() throws Exception {
        try (Sink sink = new Sink()) {
            try (ProxyService proxy = ProxyService.start(patient(udp(sink.port(), 0, 8_000)))) {
                send(proxy.listening("udp").getFirst());
                awaitMostWaiting(proxy, sink);
            }
            Await.until("all have come", PATIENCE, () -> sink.datagrams() == SOME);
        }
    }

    /** All have come in and the burst has passed: the others leave one a second, so that most of them wait for a while. */
    private static void awaitMostWaiting(ProxyService proxy, Sink sink) {
        Await.until("all have come in", PATIENCE, () -> received(proxy) == SOME);
        Await.until("the burst has passed", PATIENCE, () -> sink.datagrams() >= BURST / DATAGRAM);
        assertTrue(held(proxy) > 0, "the others wait");
    }

    private static void send(InetSocketAddress to) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int i = 0; i < SOME; i++) {
                socket.send(new DatagramPacket(new byte[DATAGRAM], DATAGRAM, to));
            }
        }
    }

    private static void drain(Socket socket, AtomicLong received) {
        try (InputStream in = socket.getInputStream()) {
            byte[] bytes = new byte[1 << 16];
            for (int read = in.read(bytes); read > 0; read = in.read(bytes)) {
                received.addAndGet(read);
            }
        } catch (IOException e) {
            // The test has ended.
        }
    }

    private static long dropped(ProxyService proxy) {
        return proxy.status().books().stream()
                .flatMap(line -> line.drops().stream())
                .mapToLong(StatusReport.DropLine::packets)
                .sum();
    }

    private static long received(ProxyService proxy) {
        return proxy.status().books().stream()
                .mapToLong(StatusReport.BooksLine::inPackets)
                .sum();
    }

    private static long held(ProxyService proxy) {
        return proxy.status().books().stream()
                .mapToLong(StatusReport.BooksLine::heldBytes)
                .sum();
    }

    private static long imbalance(ProxyService proxy) {
        return proxy.status().books().stream()
                .mapToLong(StatusReport.BooksLine::imbalanceBytes)
                .sum();
    }

    /**
     * Holds what has arrived against the rate: never more than the burst and what the rate brought since the traffic began, and in
     * one second at least as good as all of it. A second in which the machine does something else proves nothing.
     */
    private static final class Meter {
        private static final long SECOND_NS = 1_000_000_000L;
        private static final double NEARLY = 0.98;

        private final LongSupplier bytes;
        private final long rate;
        private final long burst;
        private final long beganNs;
        private long fromNs;
        private long fromBytes;

        Meter(LongSupplier bytes, long rate, long burst, long beganNs) {
            this.bytes = bytes;
            this.rate = rate;
            this.burst = burst;
            this.beganNs = beganNs;
            this.fromNs = beganNs;
        }

        boolean isAtTheRate() {
            long nowBytes = bytes.getAsLong();
            long nowNs = System.nanoTime();
            assertTrue(
                    nowBytes <= burst + broughtIn(nowNs - beganNs),
                    nowBytes + " bytes in " + (nowNs - beganNs) + " ns are more than burst and rate allow");
            if (nowNs - fromNs < SECOND_NS) {
                return false;
            }
            boolean isNearly = nowBytes - fromBytes >= NEARLY * broughtIn(nowNs - fromNs);
            fromNs = nowNs;
            fromBytes = nowBytes;
            return isNearly;
        }

        private long broughtIn(long passedNs) {
            return Math.round(passedNs * 1e-9 * rate / Byte.SIZE);
        }
    }

    /** Counts what comes. */
    private static final class Sink implements AutoCloseable {
        private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        private volatile long datagrams;
        private volatile long bytes;

        Sink() throws IOException {
            socket.setReceiveBufferSize(4 << 20);
            Thread.ofPlatform().daemon().start(this::receive);
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
        private void receive() {
            DatagramPacket packet = new DatagramPacket(new byte[2_048], 2_048);
            try {
                while (true) {
                    socket.receive(packet);
                    bytes += packet.getLength();
                    datagrams++;
                }
            } catch (IOException e) {
                // closed
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        long datagrams() {
            return datagrams;
        }

        long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /** Sends three times as much as the rate lets pass, until closed. */
    private static final class Flood implements AutoCloseable {
        private static final long PAUSE_NS = 1_000_000;

        private final DatagramSocket socket = new DatagramSocket();
        private final Thread thread;
        private volatile long sent;
        private volatile boolean running = true;

        Flood(InetSocketAddress to, long rate) throws IOException {
            DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM], DATAGRAM, to);
            thread = Thread.ofPlatform().daemon().start(() -> run(packet, 3 * rate));
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
        private void run(DatagramPacket packet, long bits) {
            long beganNs = System.nanoTime();
            try {
                while (running) {
                    while (sent * DATAGRAM * Byte.SIZE < (System.nanoTime() - beganNs) * 1e-9 * bits) {
                        socket.send(packet);
                        sent++;
                    }
                    LockSupport.parkNanos(PAUSE_NS);
                }
            } catch (IOException e) {
                // The test has ended.
            }
        }

        long sent() {
            return sent;
        }

        @Override
        public void close() {
            running = false;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            socket.close();
        }
    }

    /** Sends to whoever connects, as fast as it is read. */
    private static final class Source implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        Source() throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        Socket socket = server.accept();
                        Thread.ofVirtual().start(() -> pour(socket));
                    }
                } catch (IOException e) {
                    // closed
                }
            });
        }

        private static void pour(Socket socket) {
            byte[] bytes = new byte[1 << 16];
            try (socket) {
                while (true) {
                    socket.getOutputStream().write(bytes);
                }
            } catch (IOException e) {
                // The receiver has had enough.
            }
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
