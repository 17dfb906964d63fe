package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceBuilder;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardBooks;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** One real shard with the UDP relay alone, and a service on it. */
final class UdpRig implements AutoCloseable {
    static final Duration DEADLINE = Duration.ofSeconds(10);
    static final int RING_SLOTS = 2048;
    private static final int MAX_FLOWS = 10_000;

    /** What live traffic met at a backend. */
    record Signal(int backend, int errno) {}

    /** How a rig is built. */
    record Machine(TransportKind transport, boolean pipelined) {
        @Override
        public String toString() {
            return transport.label() + (pipelined ? " pipelined" : " run-to-completion");
        }

        /** Every transport in both placements. */
        static List<Machine> all() {
            List<Machine> machines = new ArrayList<>();
            for (TransportKind transport : TransportKind.values()) {
                machines.add(new Machine(transport, false));
                machines.add(new Machine(transport, true));
            }
            return machines;
        }

        /** Those that can tell and set addresses and code points of each datagram. */
        static List<Machine> bySystemCalls() {
            return all().stream()
                    .filter(machine -> machine.transport() != TransportKind.NIO)
                    .toList();
        }

        UdpOptions options() {
            return UdpOptions.forRings(RING_SLOTS, pipelined ? 2 : 1);
        }
    }

    private final SettingsCompiler compiler = new SettingsCompiler();
    private final BackendDirectory directory = new BackendDirectory();
    private final DistinctErrors errors = new DistinctErrors();
    private final Queue<Signal> signals = new ConcurrentLinkedQueue<>();
    private final QosSettings qos;
    private final Machine machine;
    private final Shard shard;
    private final UdpTransport transport;
    private final List<UdpListener> listeners = new ArrayList<>();

    private UdpRig(Machine machine, UdpOptions options, QosSettings qos, List<ServiceSettings> services)
            throws SettingsException, IOException {
        this.machine = machine;
        this.qos = qos;
        CompiledSettings compiled = compiler.compile(settings(services));
        publish(compiled);
        shard = new Shard(
                new ShardOptions(0, machine.transport(), machine.pipelined(), RING_SLOTS, MAX_FLOWS, 1, List.of()),
                compiled.pipeline(),
                directory,
                (backend, errno) -> signals.add(new Signal(backend, errno)),
                errors);
        transport = new UdpTransport(shard, options);
        for (ListenerSpec spec : compiled.listeners()) {
            UdpListener listener = transport.listen(spec);
            listeners.add(listener);
            listener.start();
        }
    }

    static UdpRig of(Machine machine, ServiceBuilder service) throws SettingsException, IOException {
        return of(machine, machine.options(), QosSettings.DEFAULT, service);
    }

    static UdpRig of(Machine machine, UdpOptions options, QosSettings qos, ServiceBuilder service)
            throws SettingsException, IOException {
        return new UdpRig(machine, options, qos, List.of(service.build()));
    }

    /** A service that listens on a free port of an address. */
    static ServiceBuilder service(String host) {
        return ServiceSettings.builder("test").listen(Protocol.UDP, host, 0);
    }

    static InetSocketAddress at(String host, int port) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(host), port);
    }

    InetSocketAddress address() {
        return listeners.getFirst().address();
    }

    UdpListener listener() {
        return listeners.getFirst();
    }

    UdpTransport transport() {
        return transport;
    }

    Shard shard() {
        return shard;
    }

    Queue<Signal> signals() {
        return signals;
    }

    long count(UdpCounter counter) {
        return transport.counters().get(counter);
    }

    /** Has another configuration take effect in the stages and the directory of backends; listeners are the test's. */
    CompiledSettings configure(ServiceSettings... services) throws Exception {
        CompiledSettings compiled = compiler.compile(settings(List.of(services)));
        publish(compiled);
        shard.configure(compiled.pipeline()).get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        return compiled;
    }

    /** Replaces the service by another of the same address, as a reload does: binds, configures, starts, closes. */
    void relisten(String name, int backendPort) throws Exception {
        InetSocketAddress address = address();
        CompiledSettings compiled = configure(ServiceSettings.builder(name)
                .listen(Protocol.UDP, address.getHostString(), address.getPort())
                .backend("b", "127.0.0.1", backendPort)
                .build());
        UdpListener replacement = transport.listen(compiled.listeners().getLast());
        replacement.start();
        listeners.getFirst().close();
        listeners.add(replacement);
    }

    void health(int service, int backend, boolean isHealthy) throws Exception {
        shard.health(service, backend, isHealthy).get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    ShardBooks books() throws Exception {
        return shard.books().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Packets of the first service dropped for a reason, by ingress, stages and egress together. */
    long dropped(Direction direction, DropReason reason) throws Exception {
        ShardBooks books = books();
        long sum = 0;
        for (TrafficBooks part : List.of(books.ingress(), books.pipeline(), books.egress())) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                sum += part.droppedPackets(0, trafficClass, direction, reason);
            }
        }
        return sum;
    }

    /** Packets that left. */
    long out(Direction direction) throws Exception {
        TrafficBooks egress = books().egress();
        long sum = 0;
        for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
            sum += egress.outPackets(0, trafficClass, direction);
        }
        return sum;
    }

    /** Asserts that what came in is what left, was dropped or is held, packet by packet and byte by byte, and that no loop failed. */
    void assertBalanced() throws Exception {
        ShardBooks books = books();
        for (Direction direction : Direction.values()) {
            for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                Balance balance = new Balance(books, trafficClass, direction);
                assertEquals(
                        balance.inPackets, balance.accountedPackets, "packets, P" + trafficClass + " " + direction);
                assertEquals(balance.inBytes, balance.accountedBytes, "bytes, P" + trafficClass + " " + direction);
            }
        }
        assertEquals(0, errors.total(), "unexpected errors");
    }

    /** Asserts that every buffer has come back but those that the receiver has in place. */
    void assertNoBufferLost() throws Exception {
        UdpOptions options = machine.options();
        PacketBuffers buffers = transport.buffers();
        int inPlace = machine.transport() == TransportKind.EPOLL ? DatagramReceiver.BATCH : 0;
        Await.until(
                "all buffers are back",
                DEADLINE,
                () -> shard.loop()
                        .submit(() -> buffers.freeSlots() == options.packetBuffers() - inPlace
                                && buffers.freeJumbos() == options.jumboBuffers()
                                && buffers.lentOut() == 0)
                        .get());
    }

    @Override
    public void close() {
        listeners.forEach(UdpListener::close);
        transport.close();
        assertEquals(0, transport.openSockets(), "sockets left open");
        try {
            shard.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ProxySettings settings(List<ServiceSettings> services) {
        return new ProxySettings(
                Path.of("target"),
                AdminSettings.DEFAULT,
                EngineSettings.DEFAULT,
                qos,
                services,
                ProxySettings.LogLevel.INFO,
                "test");
    }

    private void publish(CompiledSettings compiled) {
        int most = compiled.backends().stream()
                .mapToInt(backend -> backend.target().index())
                .max()
                .orElse(-1);
        BackendTarget[] targets = new BackendTarget[most + 1];
        compiled.backends().forEach(backend -> targets[backend.target().index()] = backend.target());
        directory.publish(targets);
    }

    private static final class Balance {
        private final long inPackets;
        private final long inBytes;
        private final long accountedPackets;
        private final long accountedBytes;

        Balance(ShardBooks books, int trafficClass, Direction direction) {
            TrafficBooks ingress = books.ingress();
            TrafficBooks pipeline = books.pipeline();
            TrafficBooks egress = books.egress();
            inPackets = ingress.inPackets(0, trafficClass, direction) + pipeline.inPackets(0, trafficClass, direction);
            inBytes = ingress.inBytes(0, trafficClass, direction) + pipeline.inBytes(0, trafficClass, direction);
            long packets = egress.outPackets(0, trafficClass, direction);
            long bytes = egress.outBytes(0, trafficClass, direction);
            for (TrafficBooks part : List.of(ingress, pipeline, egress)) {
                packets += part.heldPackets(0, trafficClass, direction);
                bytes += part.heldBytes(0, trafficClass, direction);
                for (DropReason reason : DropReason.values()) {
                    packets += part.droppedPackets(0, trafficClass, direction, reason);
                    bytes += part.droppedBytes(0, trafficClass, direction, reason);
                }
            }
            accountedPackets = packets;
            accountedBytes = bytes;
        }
    }
}
