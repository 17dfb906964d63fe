package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A recording of shards without sockets, under a configuration as a user writes it, told event by event. */
final class Scenario implements AutoCloseable {
    private static final int CAPACITY = 10_000;
    private static final long STEP_NS = 1_000_000;

    private final Arena arena = Arena.ofShared();
    private final Path data;
    private final Journals journals;
    private final SettingsCompiler compiler;
    private final List<Shard> shards = new ArrayList<>();
    private final boolean isImported;
    private PipelineSettings settings;
    private boolean isWriting;
    private long nowNs;

    /** One shard's pipeline, and what came of the last event. */
    private final class Shard implements PipelineOutput {
        private final Pipeline pipeline;
        private final PacketDescriptor event =
                new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        private long flowRef;
        private int backend;

        Shard(int id, int count) {
            OffHeapFlowTable flows = new OffHeapFlowTable(CAPACITY, id, arena);
            ShardOptions options = new ShardOptions(id, TransportKind.NIO, false, 4096, CAPACITY, id, List.of());
            pipeline = new Pipeline(settings, flows, this, journals.open(options, settings, flows));
            assertTrue(id < count);
        }

        @Override
        public void forward(PacketDescriptor packet) {
            flowRef = packet.flowRef();
            backend = packet.backend();
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            flowRef = PacketDescriptor.NO_FLOW;
        }

        @Override
        public void flowEnded(long ended, FlowEnd reason) {
            // there is no socket
        }
    }

    Scenario(Path data, String yaml) throws IOException {
        this(data, yaml, 1);
    }

    Scenario(Path data, String yaml, int count) throws IOException {
        this(data, yaml, count, false);
        diskGoesOn();
    }

    /** With the services as whole IP packets meet them that were imported from a capture. */
    static Scenario imported(Path data, String yaml) throws IOException {
        Scenario scenario = new Scenario(data, yaml, 1, true);
        scenario.diskGoesOn();
        return scenario;
    }

    /** With a disk that hangs until {@link #diskGoesOn}. */
    static Scenario withoutDisk(Path data, String yaml) throws IOException {
        return new Scenario(data, yaml, 1, false);
    }

    /** Begins to write, and waits until all is written that waited. */
    void diskGoesOn() {
        journals.start();
        isWriting = true;
        while (journals.status().getFirst().waitingBytes() > 0) {
            Thread.onSpinWait();
        }
    }

    private Scenario(Path data, String yaml, int count, boolean isImported) throws IOException {
        this.data = data;
        this.isImported = isImported;
        compiler = new SettingsCompiler(NameResolver.offline(), count);
        ProxySettings source = read(data, yaml);
        settings = isImported ? IpServices.of(source, 2).pipeline() : compiled(source);
        journals = Objects.requireNonNull(Journals.open(
                data,
                new JournalSettings(
                        JournalSettings.Mode.PACKETS, 80_000_000L, Duration.ofDays(1), Duration.ofSeconds(60)),
                count));
        for (int i = 0; i < count; i++) {
            shards.add(new Shard(i, count));
        }
        nowNs = System.nanoTime();
    }

    static ProxySettings read(Path folder, String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("recorded.yaml"), yaml);
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        return result.settings().orElseThrow();
    }

    private PipelineSettings compiled(ProxySettings source) {
        try {
            return compiler.compile(source).pipeline();
        } catch (SettingsException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets time pass. */
    Scenario pause(Duration time) {
        nowNs += time.toNanos();
        return this;
    }

    private PacketDescriptor event(int shard, EventKind kind, String service, int protocol) {
        PacketDescriptor event = shards.get(shard).event;
        event.reset(kind, nowNs += STEP_NS);
        int number = settings.classify().services().stream()
                .filter(profile ->
                        profile.name().equals(service) && (profile.carries() == protocol || profile.carries() == 0))
                .findFirst()
                .orElseThrow()
                .id();
        event.service(number);
        event.protocol(protocol);
        event.ipVersion(4);
        event.flags(isImported ? DescriptorFlags.IP_PACKET : 0);
        settings.names().listeners().stream()
                .filter(listener -> listener.service() == number)
                .findFirst()
                .ifPresent(listener -> event.listener(listener.number()));
        return event;
    }

    private long handle(int shard) {
        Shard chosen = shards.get(shard);
        // No faster than the disk takes the records.
        while (isWriting && journals.status().get(shard).waitingBytes() > 4 << 20) {
            Thread.onSpinWait();
        }
        chosen.pipeline.handle(chosen.event);
        return chosen.flowRef;
    }

    private static void from(PacketDescriptor event, String client, int port) {
        event.sourceLow(Integer.toUnsignedLong(
                ByteBuffer.wrap(InetAddress.ofLiteral(client).getAddress()).getInt()));
        event.sourcePort(port);
        event.destinationLow(0x7f00_0001L);
        event.destinationPort(53);
    }

    /** A datagram from a client; answers its flow. */
    long datagram(String service, String client, int port, int bytes) {
        return datagram(0, service, client, port, bytes);
    }

    long datagram(int shard, String service, String client, int port, int bytes) {
        PacketDescriptor event = event(shard, EventKind.DATA, service, 17);
        from(event, client, port);
        event.lengthBytes(bytes);
        return handle(shard);
    }

    /** One whose sender uses ECN. */
    void capableDatagram(String service, String client, int port, int bytes) {
        PacketDescriptor event = event(0, EventKind.DATA, service, 17);
        from(event, client, port);
        event.lengthBytes(bytes);
        event.ingressEcn(Ecn.CAPABLE_0);
        handle(0);
    }

    /** A backend's answer to a flow. */
    void reply(String service, long flowRef, int bytes) {
        reply(0, service, flowRef, bytes);
    }

    void reply(int shard, String service, long flowRef, int bytes) {
        PacketDescriptor event = event(shard, EventKind.DATA, service, 17);
        event.direction(Direction.TO_CLIENT);
        event.flowRef(flowRef);
        event.lengthBytes(bytes);
        handle(shard);
    }

    /** A connection that opens; answers its flow. */
    long open(String service, String client, int port) {
        from(event(0, EventKind.OPEN, service, 6), client, port);
        return handle(0);
    }

    /** An event of a connection. */
    void connection(EventKind kind, Direction direction, String service, long flowRef, int bytes) {
        PacketDescriptor event = event(0, kind, service, 6);
        event.direction(direction);
        event.flowRef(flowRef);
        event.lengthBytes(bytes);
        if (kind == EventKind.CONNECT_FAILED) {
            event.backend(shards.getFirst().backend);
        }
        handle(0);
    }

    /** A backend's health flips. */
    Scenario health(String backend, boolean healthy) {
        for (Names.Backend named : settings.names().backends()) {
            if (named.id().equals(backend)) {
                for (int i = 0; i < shards.size(); i++) {
                    PacketDescriptor event = shards.get(i).event;
                    event.reset(EventKind.HEALTH, nowNs += STEP_NS);
                    event.service(named.service());
                    event.backend(named.number());
                    event.argument0(healthy ? 1 : 0);
                    handle(i);
                }
            }
        }
        return this;
    }

    /** A shard's share of a service's session cap. */
    void quota(int shard, String service, int sessions) {
        event(shard, EventKind.QUOTA, service, 17).argument0(sessions);
        handle(shard);
    }

    /** A shard's share of a service's rate, in either direction. */
    void rateShare(int shard, String service, int share, int of) {
        for (Direction direction : Direction.values()) {
            PacketDescriptor event = event(shard, EventKind.QUOTA, service, 17);
            event.direction(direction);
            ShareOf.SERVICE.writeTo(event, event.service(), ShareOf.WHOLE / of * share);
            handle(shard);
        }
    }

    /** Another configuration comes into force. */
    void reload(String yaml) throws IOException {
        settings = compiled(read(data, yaml));
        for (int i = 0; i < shards.size(); i++) {
            PacketDescriptor event = shards.get(i).event;
            event.reset(EventKind.CONFIG, nowNs += STEP_NS);
            event.argument0(settings.version());
            event.endpoint(settings);
            handle(i);
        }
    }

    @Override
    public void close() {
        journals.close();
        arena.close();
    }
}
