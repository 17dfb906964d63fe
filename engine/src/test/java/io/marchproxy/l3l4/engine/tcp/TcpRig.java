package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceBuilder;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.listen.ListenerSet;
import io.marchproxy.l3l4.engine.listen.PortGuard;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardBooks;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.NetUtil;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.LoggerFactory;

/**
 * The relay on real shards with real sockets, without the rest of the service. Closing it checks what must hold after any
 * test: no unexpected error, no buffer left unreleased, no flow and no connection left, the books in balance.
 */
final class TcpRig implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Of the peers' sockets: the kernel would let one grow to tens of megabytes, and whoever is to stall would not. */
    static final int RECEIVE_BUFFER = 512 * 1024;

    private static final int MAX_FLOWS = 20_000;
    private static final int RING_SLOTS = 8192;
    private static final int CLASSES = 4;
    private static final ListAppender<ILoggingEvent> LEAKS = new ListAppender<>();

    static {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        LEAKS.start();
        ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).addAppender(LEAKS);
    }

    /** An error that live traffic met at a backend. */
    record Signal(int backend, int errno) {}

    private final DistinctErrors errors = new DistinctErrors();
    private final BackendDirectory directory = new BackendDirectory();
    private final ConcurrentLinkedQueue<Signal> signals = new ConcurrentLinkedQueue<>();
    private final List<Shard> shards = new ArrayList<>();
    private final long buffersBefore = liveBuffers();
    private final SettingsCompiler compiler = new SettingsCompiler();
    private final TcpRelay relay;
    private final ListenerSet listeners;
    private CompiledSettings compiled;

    TcpRig(Placed placed, ServiceSettings service) throws Exception {
        this(placed, 1, service);
    }

    TcpRig(Placed placed, int shardCount, ServiceSettings service) throws Exception {
        this(placed, shardCount, service, TcpRelay::new);
    }

    /** With a relay that differs from that of the service. */
    TcpRig(Placed placed, int shardCount, ServiceSettings service, Function<List<Shard>, TcpRelay> relays)
            throws Exception {
        compiled = compiler.compile(settings(service));
        publish();
        for (int id = 0; id < shardCount; id++) {
            ShardOptions options =
                    new ShardOptions(id, placed.transport(), placed.pipelined(), RING_SLOTS, MAX_FLOWS, id, List.of());
            shards.add(new Shard(
                    options,
                    compiled.pipeline(),
                    directory,
                    (backend, errno) -> signals.add(new Signal(backend, errno)),
                    errors));
        }
        relay = relays.apply(shards);
        listeners = new ListenerSet(shards, this::open);
        try {
            listeners.commit(listeners.prepare(compiled.listeners()));
        } catch (ListenException e) {
            close();
            throw e;
        }
    }

    /** As the service does, which asks only once for all shards. */
    private Listener open(Shard shard, ListenerSpec spec) throws ListenException {
        if (shard == shards.getFirst()) {
            PortGuard.requireFree(Protocol.TCP, spec);
        }
        return relay.open(shard, spec);
    }

    /** A service on a free port of 127.0.0.1, in front of backends on ports of 127.0.0.1. */
    static ServiceBuilder service(int... backendPorts) {
        ServiceBuilder builder = ServiceSettings.builder("web").listen(Protocol.TCP, "127.0.0.1", 0);
        for (int port : backendPorts) {
            builder.backend("b" + port, "127.0.0.1", port);
        }
        return builder;
    }

    /** The address that a literal stands for. */
    static InetAddress literal(String address) {
        return Objects.requireNonNull(NetUtil.createInetAddressFromIpAddressString(address), address);
    }

    /** Puts other settings of the service into force. */
    void reload(ServiceSettings service) throws Exception {
        compiled = compiler.compile(settings(service));
        ListenerSet.Change change = listeners.prepare(compiled.listeners());
        publish();
        for (Shard shard : shards) {
            shard.configure(compiled.pipeline()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        listeners.commit(change);
    }

    void stopListening() {
        listeners.closeAll();
    }

    InetSocketAddress address() {
        return listeners.addresses(0).getFirst();
    }

    /** Connects a client; its reads fail rather than hang. */
    Socket connect() throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(RECEIVE_BUFFER);
        client.connect(address(), (int) PATIENCE.toMillis());
        client.setSoTimeout((int) PATIENCE.toMillis());
        return client;
    }

    /** Connects a client that the test drives without blocking. */
    SocketChannel connectChannel() throws IOException {
        return SocketChannel.open(address());
    }

    TcpRelay relay() {
        return relay;
    }

    /** The first shard, for what is told to it and asked of it. */
    Shard shard() {
        return shards.getFirst();
    }

    List<Signal> signals() {
        return List.copyOf(signals);
    }

    /** Waits until no client connection is left. */
    void awaitQuiet() {
        Await.value("connections", PATIENCE, () -> relay.live(0), live -> live == 0);
    }

    /** The sum of all shards' books, without the hand-over from stages to egress, which is in both. */
    Totals totals(Direction direction) throws Exception {
        TrafficBooks sum = new TrafficBooks(1);
        TrafficBooks handedOver = new TrafficBooks(1);
        for (Shard shard : shards) {
            ShardBooks books = shard.books().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            sum.add(books.ingress());
            sum.add(books.pipeline());
            sum.add(books.egress());
            handedOver.add(books.pipeline());
        }
        Totals totals = new Totals(0, 0, 0, 0, 0);
        for (int trafficClass = 0; trafficClass < CLASSES; trafficClass++) {
            totals = totals.plus(sum, handedOver, trafficClass, direction);
        }
        return totals;
    }

    /** Bytes, but for refused, which counts packets dropped for reasons that end a connection before it began. */
    record Totals(long in, long out, long held, long reset, long refused) {
        private Totals plus(TrafficBooks sum, TrafficBooks handedOver, int trafficClass, Direction direction) {
            long handed = handedOver.outBytes(0, trafficClass, direction);
            long lost = 0;
            long refusals = 0;
            for (int reason = 0; reason < DropReason.count(); reason++) {
                lost += sum.droppedBytes(0, trafficClass, direction, DropReason.of(reason));
                refusals += sum.droppedPackets(0, trafficClass, direction, DropReason.of(reason));
            }
            refusals -= sum.droppedPackets(0, trafficClass, direction, DropReason.RESET)
                    + sum.droppedPackets(0, trafficClass, direction, DropReason.FLOW_GONE);
            return new Totals(
                    in + sum.inBytes(0, trafficClass, direction) - handed,
                    out + sum.outBytes(0, trafficClass, direction) - handed,
                    held + sum.heldBytes(0, trafficClass, direction),
                    reset + lost,
                    refused + refusals);
        }

        boolean balances() {
            return in == out + reset && held == 0;
        }
    }

    /** How often connections were refused for a reason. */
    long refused(DropReason reason) throws Exception {
        long count = 0;
        for (Shard shard : shards) {
            TrafficBooks books =
                    shard.books().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).pipeline();
            for (int trafficClass = 0; trafficClass < CLASSES; trafficClass++) {
                count += books.droppedPackets(0, trafficClass, Direction.TO_BACKEND, reason);
            }
        }
        return count;
    }

    /** Nanoseconds of CPU that the shards' threads have used so far. */
    static long cpuNs() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith("shard-")) {
                sum += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
            }
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        try {
            closeAndCheck();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private void closeAndCheck() throws Exception {
        try {
            listeners.closeAll();
            relay.closeAll();
            awaitQuiet();
            Await.value("flows", PATIENCE, this::flows, flows -> flows == 0);
            Await.value("books", PATIENCE, () -> totals(Direction.TO_BACKEND), Totals::balances);
            Await.value("books", PATIENCE, () -> totals(Direction.TO_CLIENT), Totals::balances);
            Await.value("chunks in use", PATIENCE, relay::chunksInUse, left -> left == 0);
            Await.value("pipes in use", PATIENCE, relay::pipesInUse, left -> left == 0);
        } finally {
            for (Shard shard : shards) {
                shard.close();
            }
        }
        Await.value("buffers not released", PATIENCE, () -> liveBuffers() - buffersBefore, left -> left <= 0);
        assertEquals(List.of(), LEAKS.list, "Netty found leaks");
        assertEquals(0, errors.total(), "unexpected errors");
    }

    private int flows() {
        return shards.stream().mapToInt(Shard::flows).sum();
    }

    private static long liveBuffers() {
        return PooledByteBufAllocator.DEFAULT.metric().directArenas().stream()
                .mapToLong(PoolArenaMetric::numActiveAllocations)
                .sum();
    }

    private void publish() {
        int most = compiled.backends().stream()
                .mapToInt(backend -> backend.target().index())
                .max()
                .orElse(-1);
        BackendTarget[] targets = new BackendTarget[most + 1];
        compiled.backends().forEach(backend -> targets[backend.target().index()] = backend.target());
        directory.publish(targets);
    }

    private static ProxySettings settings(ServiceSettings service) {
        return new ProxySettings(
                Path.of("data"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT,
                QosSettings.DEFAULT,
                List.of(service),
                ProxySettings.LogLevel.INFO,
                "test");
    }
}
