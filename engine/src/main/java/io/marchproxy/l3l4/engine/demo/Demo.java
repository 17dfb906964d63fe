package io.marchproxy.l3l4.engine.demo;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.LatencySettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.StartupException;
import io.marchproxy.l3l4.engine.demo.DemoReport.Clients;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.ServiceStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** The demonstration: two backends and a crowd of clients around the real service; one backend is killed midway. */
final class Demo {
    private static final String LOOPBACK = "127.0.0.1";
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    /** Until the JIT compiler has seen the load: latencies count from then on, losses from the first byte. */
    static final int WARM_UP_SECONDS = 2;

    private static final long SETTLE_NS = 5 * SECOND_NS;
    private static final int MOST_TRIES = 20;

    /** The service's own view beside the clients': data-dir/latency/shard-N.hlog. */
    private static final LatencySettings LATENCY =
            new LatencySettings(true, Duration.ofSeconds(1), LatencySettings.DEFAULT.maxSizeBytes());

    private final int seconds;
    private final Path folder;
    private final PrintWriter out;
    private final boolean terminal;
    private final Scoreboard board = new Scoreboard();

    /**
     * Prepares a run.
     *
     * @param seconds of load, at least 2
     * @param folder that exists; the report and the latencies are written there
     */
    Demo(int seconds, Path folder, PrintWriter out, boolean terminal) {
        this.seconds = seconds;
        this.folder = folder;
        this.out = out;
        this.terminal = terminal;
    }

    DemoReport run() throws IOException, StartupException, InterruptedException {
        Files.createDirectories(folder.resolve("latency"));
        try (EchoBackend a = EchoBackend.start(0);
                EchoBackend b = EchoBackend.start(1);
                ProxyService proxy = startProxy(a, b);
                Load load = Load.start(proxy.listening("demo").getFirst(), board);
                LatencyLog tcp = latencyLog("tcp");
                LatencyLog udp = latencyLog("udp")) {
            introduce(proxy, a, b);
            LiveTable table = new LiveTable(out, terminal);
            awaitTime(System.nanoTime() + WARM_UP_SECONDS * SECOND_NS);
            long startNs = System.nanoTime();
            tcp.reset();
            udp.reset();
            Histogram warmUp = proxy.residence();
            long bulkBytesBefore = board.bulkBytesReceived.sum();
            Previous previous = new Previous();
            int killAfter = Math.max(1, seconds / 2);
            for (int second = 1; second <= seconds; second++) {
                awaitTime(startNs + second * SECOND_NS);
                table.show(previous.second(second, tcp, udp, proxy.status()));
                if (second == killAfter) {
                    kill(b);
                }
            }
            double lasted = (System.nanoTime() - startNs) / (double) SECOND_NS;
            long bulkBytes = board.bulkBytesReceived.sum() - bulkBytesBefore;
            Histogram residence = proxy.residence();
            residence.subtract(warmUp);
            load.finish();
            return new DemoReport(
                    lasted,
                    bulkBytes,
                    (board.killedNs() - startNs) / (double) SECOND_NS,
                    Percentiles.of(tcp.total()),
                    Percentiles.of(udp.total()),
                    Percentiles.of(residence),
                    Clients.of(board),
                    settled(proxy));
        }
    }

    private LatencyLog latencyLog(String protocol) throws IOException {
        return new LatencyLog(
                protocol.equals("tcp") ? board.tcpLatency : board.udpLatency,
                folder.resolve("latency").resolve(protocol + ".hlog"),
                "round trips of " + protocol + " through the proxy");
    }

    private void kill(EchoBackend backend) throws InterruptedException {
        board.killing(backend.number());
        backend.kill();
        board.dead();
    }

    /** The service as anybody would configure it, on a port that is free for both protocols. */
    private ProxyService startProxy(EchoBackend a, EchoBackend b) throws IOException, StartupException {
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            ServiceSettings service = ServiceSettings.builder("demo")
                    .listen(Protocol.TCP, LOOPBACK, port)
                    .listen(Protocol.UDP, LOOPBACK, port)
                    .backend("A", LOOPBACK, a.port())
                    .backend("B", LOOPBACK, b.port())
                    .build();
            ProxySettings settings = new ProxySettings(
                    folder,
                    new AdminSettings(LOOPBACK, 0),
                    EngineSettings.DEFAULT.withMaxFlows(65_536),
                    QosSettings.DEFAULT,
                    List.of(service),
                    ProxySettings.LogLevel.WARN,
                    LATENCY,
                    "demo");
            try {
                return ProxyService.start(settings);
            } catch (StartupException e) {
                // Somebody may have taken the port since it was found free.
                if (attempt == 3) {
                    throw e;
                }
            }
        }
    }

    private static int freePort() throws IOException {
        InetAddress loopback = InetAddress.ofLiteral(LOOPBACK);
        for (int attempt = 1; ; attempt++) {
            try (ServerSocket tcp = new ServerSocket(0, 1, loopback);
                    DatagramSocket _ = new DatagramSocket(new InetSocketAddress(loopback, tcp.getLocalPort()))) {
                return tcp.getLocalPort();
            } catch (IOException e) {
                if (attempt == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    private void introduce(ProxyService proxy, EchoBackend a, EchoBackend b) {
        int port = proxy.listening("demo").getFirst().getPort();
        out.printf(
                "Proxy on %s:%d, TCP and UDP, %s%n",
                LOOPBACK, port, proxy.status().transport());
        out.printf("  → backend A on port %d%n  → backend B on port %d, to be killed midway%n", a.port(), b.port());
        out.printf("Warming up for %d s …%n%n", WARM_UP_SECONDS);
        out.flush();
    }

    private static void awaitTime(long untilNs) throws InterruptedException {
        long waitNs;
        while ((waitNs = untilNs - System.nanoTime()) > 0) {
            LockSupport.parkNanos(waitNs);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** The state once the proxy has seen the end of every connection: what is still held then is stuck. */
    private static StatusReport settled(ProxyService proxy) throws InterruptedException {
        long untilNs = System.nanoTime() + SETTLE_NS;
        StatusReport status = proxy.status();
        while (!isSettled(status) && System.nanoTime() - untilNs < 0) {
            awaitTime(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(10));
            status = proxy.status();
        }
        return status;
    }

    private static boolean isSettled(StatusReport status) {
        long tcpConnections = status.services().stream()
                .filter(service -> service.protocol().equals("tcp"))
                .mapToLong(ServiceStatus::connections)
                .sum();
        return tcpConnections == 0
                && status.books().stream().allMatch(line -> line.heldBytes() == 0 && line.imbalanceBytes() == 0)
                && status.books().stream().mapToLong(BooksLine::heldPackets).sum() == 0;
    }

    /** Turns running totals into what came since the second before. */
    private final class Previous {
        private long bulkBytes = board.bulkBytesReceived.sum();
        private final long[] answers = {board.answers.get(0), board.answers.get(1)};

        LiveTable.Second second(int elapsed, LatencyLog tcp, LatencyLog udp, StatusReport status) {
            long bulk = board.bulkBytesReceived.sum();
            long a = board.answers.get(0);
            long b = board.answers.get(1);
            var second = new LiveTable.Second(
                    elapsed,
                    seconds,
                    tcp.next(),
                    udp.next(),
                    bulk - bulkBytes,
                    a - answers[0],
                    b - answers[1],
                    board.killed() >= 0,
                    lost(),
                    status);
            bulkBytes = bulk;
            answers[0] = a;
            answers[1] = b;
            return second;
        }

        private long lost() {
            return board.lostRequests.sum()
                    + board.lostBytes.sum()
                    + board.lostDatagrams.sum()
                    + board.wrongBytes.sum()
                    + board.wrongDatagrams.sum();
        }
    }
}
