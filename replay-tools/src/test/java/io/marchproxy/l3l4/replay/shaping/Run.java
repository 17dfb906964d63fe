package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** A service with rates that is recorded, and traffic that asks more of it than it may give: real sockets on loopback. */
final class Run implements AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A sender that was late by more sends the rest no more: it would be a burst that no sender meant. */
    private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final int AT_ONCE = 25;
    private static final int FROM_CLIENT = 'c';
    private static final int FROM_BACKEND = 'b';

    /** Times the usual length, of a run on a machine that has much else to do. */
    private static final int LONGEST = 8;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final DatagramSocket sink;
    private final DatagramSocket echo;
    private final ServerSocket backend;
    private final Path data;
    private final String engine;
    private final ProxyService proxy;
    private volatile boolean running = true;

    /**
     * Starts it.
     *
     * @param yaml without data-dir, admin and engine; {@code UDP}, {@code ECHO} and {@code TCP} in it stand for the addresses of backends:
     *     one that datagrams go to, one that sends them back, and one for {@link #pours}
     */
    Run(Path data, String engine, String yaml) throws Exception {
        sink = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        echo = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        backend = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        open.add(sink);
        open.add(echo);
        open.add(backend);
        this.data = data;
        this.engine = engine;
        proxy = ProxyService.start(settings(yaml));
        Thread.ofVirtual().start(this::accept);
        Thread.ofPlatform().daemon().start(this::sendBack);
    }

    private ProxySettings settings(String yaml) throws IOException {
        Path file = Files.writeString(
                data.resolve("proxy.yaml"),
                """
                data-dir: %s
                admin: { port: 0 }
                engine: { %s, journal: { mode: packets, max-size: 1GB } }
                """.formatted(data, engine)
                        + yaml.replace("UDP", "127.0.0.1:" + sink.getLocalPort())
                                .replace("ECHO", "127.0.0.1:" + echo.getLocalPort())
                                .replace("TCP", "127.0.0.1:" + backend.getLocalPort()));
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }

    /** Takes over another configuration while it runs, with the same engine. */
    void reload(String yaml) throws Exception {
        proxy.reload(settings(yaml));
    }

    private void sendBack() {
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        try {
            while (true) {
                packet.setLength(2_000);
                echo.receive(packet);
                echo.send(packet);
            }
        } catch (IOException e) {
            // closed
        }
    }

    /** A client that sends datagrams of a size steadily, from an address of loopback. */
    void sends(String service, String client, int bytes, double bitsPerSecond) throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(client, 0));
        open.add(socket);
        DatagramPacket packet = new DatagramPacket(new byte[bytes], bytes, address(service));
        double gapNs = bytes * 8e9 / bitsPerSecond;
        Thread.ofPlatform().daemon().start(() -> {
            long beganNs = System.nanoTime();
            long sent = 0;
            while (running) {
                long nowNs = System.nanoTime();
                if (nowNs - beganNs - sent * gapNs > LATE_NS) {
                    sent = (long) ((nowNs - beganNs) / gapNs);
                }
                for (; nowNs - beganNs >= sent * gapNs; sent++) {
                    send(socket, packet);
                }
                LockSupport.parkNanos(Math.max(PAUSE_NS, (long) gapNs / 2));
            }
        });
    }

    /** Sends datagrams to several services in turns, so many to each, as fast as the proxy takes them; and waits until none waits there. */
    void sendsAtOnce(int count, int bytes, String... services) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress("127.0.1.1", 0))) {
            for (int i = 0; i < count; i++) {
                for (String service : services) {
                    send(socket, new DatagramPacket(new byte[bytes], bytes, address(service)));
                }
                if (i % AT_ONCE == 0) {
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        }
        untilNothingWaits();
    }

    /** Waits until everything that waited has left. */
    void untilNothingWaits() {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (heldBytes() > 0) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> heldBytes() + " bytes wait after a minute");
            LockSupport.parkNanos(20 * PAUSE_NS);
        }
    }

    private long heldBytes() {
        return proxy.status().books().stream()
                .mapToLong(StatusReport.BooksLine::heldBytes)
                .sum();
    }

    private static void send(DatagramSocket socket, DatagramPacket packet) {
        try {
            socket.send(packet);
        } catch (IOException e) {
            // The backend's socket is full, or the test over: the journal knows what came in.
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** A connection over which one side sends as fast as it may; the first byte says which. */
    void pours(String service, Direction direction) throws IOException {
        pours(service, "127.0.0.1", direction);
    }

    /** The same from an address of loopback. */
    void pours(String service, String client, Direction direction) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(client, 0));
        socket.connect(address(service));
        keep(socket);
        boolean fromClient = direction == Direction.TO_BACKEND;
        socket.getOutputStream().write(fromClient ? FROM_CLIENT : FROM_BACKEND);
        use(socket, fromClient);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = backend.accept();
                keep(socket);
                Thread.ofVirtual().start(() -> {
                    try {
                        use(socket, socket.getInputStream().read() == FROM_BACKEND);
                    } catch (IOException e) {
                        // The test is over.
                    }
                });
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void keep(Socket socket) {
        synchronized (open) {
            open.add(socket);
        }
    }

    private void use(Socket socket, boolean sends) {
        Thread.ofVirtual().start(() -> {
            byte[] bytes = new byte[1 << 16];
            try {
                while (running
                        && (!sends || write(socket, bytes))
                        && (sends || socket.getInputStream().read(bytes) > 0)) {
                    // what it is does not matter: the journal knows when and how much
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
    }

    private static boolean write(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return true;
    }

    /** Where a service listens. */
    InetSocketAddress address(String service) {
        return proxy.listening(service).getFirst();
    }

    /** What a direction is called in the books. */
    static String name(Direction direction) {
        return direction == Direction.TO_BACKEND ? "to-backend" : "to-client";
    }

    /** Waits until something of a service waits. */
    void untilWaits(String service, String direction) {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (proxy.status().books().stream()
                .noneMatch(line ->
                        line.service().equals(service) && line.direction().equals(direction) && line.heldBytes() > 0)) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> "nothing of " + service + " waits after a minute");
            LockSupport.parkNanos(20 * PAUSE_NS);
        }
    }

    /** Lets it run until so many bytes have left towards one side. */
    void until(String direction, long bytes) {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (leftBytes(direction) < bytes) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> leftBytes(direction) + " bytes in a minute");
            LockSupport.parkNanos(20 * PAUSE_NS);
        }
    }

    /** The same of one service. */
    void until(String service, String direction, long bytes) {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (leftBytes(service, direction) < bytes) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> leftBytes(service, direction) + " bytes in a minute");
            LockSupport.parkNanos(20 * PAUSE_NS);
        }
    }

    private long leftBytes(String service, String direction) {
        return proxy.status().books().stream()
                .filter(line ->
                        line.direction().equals(direction) && line.service().equals(service))
                .mapToLong(StatusReport.BooksLine::outBytes)
                .sum();
    }

    /** What has left towards one side. */
    long leftBytes(String direction) {
        return proxy.status().books().stream()
                .filter(line -> line.direction().equals(direction))
                .mapToLong(StatusReport.BooksLine::outBytes)
                .sum();
    }

    /** What the rules that police have counted so far. */
    List<StatusReport.PoliceLine> policed() {
        return proxy.status().policing();
    }

    /** Waits until a rule that polices has found so many bytes to be of a color, in a direction. */
    void untilPoliced(String direction, String color, long bytes) {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (policed().stream()
                        .filter(line -> line.direction().equals(direction)
                                && line.color().equals(color))
                        .mapToLong(StatusReport.PoliceLine::bytes)
                        .sum()
                < bytes) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> policed() + " after a minute");
            LockSupport.parkNanos(20 * PAUSE_NS);
        }
    }

    /** A run of so many times the usual length, recorded in a folder. */
    interface Scene {
        void run(Path folder, long times) throws Exception;
    }

    /**
     * What was decided in a run that shows what is to be shown. A machine that is late for its senders may leave too little of it; after
     * such a run comes one that is twice as long, up to {@link #LONGEST}, and what that lacks is for the assertions to say.
     */
    static Decided decided(Path data, Scene scene, Predicate<Decided> isEnough) throws Exception {
        int times = 1;
        while (true) {
            Path folder = Files.createDirectory(data.resolve("times-" + times));
            scene.run(folder, times);
            Decided decided = decidedIn(folder);
            if (times == LONGEST || isEnough.test(decided)) {
                return decided;
            }
            times *= 2;
        }
    }

    /** Ends the run; what it decided is in the journal then, and {@code verify} has found no difference. */
    static Decided decidedIn(Path data) throws IOException {
        Tools.Outcome verified = Tools.run("verify", data);
        assertEquals(0, verified.exitCode(), verified::toString);
        return Decided.of(data);
    }

    @Override
    public void close() {
        running = false;
        assertEquals(0, proxy.status().imbalanceBytes());
        proxy.close();
        synchronized (open) {
            for (AutoCloseable each : open) {
                try {
                    each.close();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }
    }
}
