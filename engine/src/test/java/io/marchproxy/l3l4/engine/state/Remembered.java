package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.shard.SessionSource;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/** A shard without sockets, and the flow state behind it. */
final class Remembered implements AutoCloseable {
    static final int CAPACITY = 1000;
    private static final long SEED = 42;

    final FlowStates states;
    final Pipeline pipeline;
    final PacketDescriptor packet;
    private final Arena arena = Arena.ofConfined();
    private long nowNs = System.nanoTime();

    /**
     * A start of the service.
     *
     * @param backends of the service dns, such as {@code a b}: their order gives them their numbers
     */
    Remembered(Path data, String flowState, String backends) throws Exception {
        this(data, settings(data, flowState, backends), CAPACITY);
    }

    /** A start with settings of one's own, whose second service takes datagrams. */
    Remembered(Path data, ProxySettings settings, int capacity) throws Exception {
        CompiledSettings compiled = new SettingsCompiler().compile(settings);
        states = Objects.requireNonNull(FlowStates.open(settings, compiled), data.toString());
        packet = new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        OffHeapFlowTable flows = new OffHeapFlowTable(capacity, SEED, arena);
        ShardOptions options = new ShardOptions(0, TransportKind.NIO, false, 4096, capacity, SEED, List.of());
        pipeline = new Pipeline(
                compiled.pipeline(), flows, new NoOutput(), states.open(options, compiled.pipeline(), flows));
        SessionSource sessions = states.sessions();
        for (int i = 0; i < sessions.count(); i++) {
            packet.reset(EventKind.RESTORE, nowNs);
            sessions.fill(i, packet);
            pipeline.handle(packet);
        }
        states.restored();
    }

    static ProxySettings settings(Path data, String flowState, String backends) throws Exception {
        StringBuilder list = new StringBuilder();
        for (String id : backends.split(" ")) {
            list.append("{ id: %s, address: \"127.0.0.1:%d\" }, ".formatted(id, 9000 + id.charAt(0)));
        }
        Path file = Files.writeString(data.resolve("proxy.yaml"), """
                data-dir: %s
                engine: { max-flows: %d, flow-state: { %s } }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:8080
                    backends: [ { id: w, address: "127.0.0.1:9000" } ]
                  - name: dns
                    listen: udp://127.0.0.1:5353
                    session-timeout: 60s
                    backends: [ %s ]
                """.formatted(data, CAPACITY, flowState, list));
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }

    /** A datagram from a client's port, of the next address for each 65,536 more; gives the backend that it goes to. */
    int datagram(int port) {
        event(EventKind.DATA, 17, 1, port);
        packet.lengthBytes(100);
        pipeline.handle(packet);
        return packet.backend();
    }

    /** A connection from a client's port that is open and closed again; gives its flow. */
    long connection(int port) {
        event(EventKind.OPEN, 6, 0, port);
        pipeline.handle(packet);
        long flowRef = packet.flowRef();
        nowNs += 250_000;
        follow(EventKind.CONNECTED, flowRef);
        follow(EventKind.CLOSED, flowRef);
        return flowRef;
    }

    private void follow(EventKind kind, long flowRef) {
        event(kind, 6, 0, 0);
        packet.flowRef(flowRef);
        pipeline.handle(packet);
    }

    private void event(EventKind kind, int protocol, int service, int port) {
        packet.reset(kind, nowNs += 1000);
        packet.protocol(protocol);
        packet.ipVersion(4);
        packet.service(service);
        packet.sourceLow(0xc0a8_0001L + (port >>> 16));
        packet.sourcePort(port & 0xffff);
        packet.destinationLow(0x7f00_0001L);
        packet.destinationPort(53);
    }

    /** Lets time pass. */
    void after(long ns) {
        nowNs += ns;
        packet.reset(EventKind.TICK, nowNs);
        pipeline.handle(packet);
    }

    Remembered awaitStatus(Predicate<FlowStateStatus> wanted) {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!wanted.test(states.status())) {
            assertTrue(System.nanoTime() < deadline, () -> "still " + states.status());
            Thread.onSpinWait();
        }
        return this;
    }

    /** Ends as the service does. */
    @Override
    public void close() {
        states.closing();
        states.ended(0);
        states.close();
        arena.close();
        assertEquals(FlowStateStatus.State.CLOSED, states.status().state());
    }
}
