package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.replay.pcap.Packets;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Streams and datagrams as relays hand them over, and whole IP packets as an import does, through one pipeline without sockets: in an
 * order and at times that a seed gives. All have less than they want.
 */
final class MixedRecording implements AutoCloseable {
    private static final int WEB = 0;
    private static final int DNS = 1;
    private static final int FEW = 2;
    private static final int IP = 3;
    private static final int CAPACITY = 2_000;
    private static final int CONNECTIONS = 50;
    private static final int CLIENTS = 100;
    private static final int MOST_NS = 20_000;
    private static final int TCP = IpPacket.TCP;
    private static final int UDP = IpPacket.UDP;
    private static final long JOURNAL_BYTES = 1_000_000_000;

    private final SettingsCompiler compiler = new SettingsCompiler(NameResolver.offline());
    private final SplittableRandom random;
    private final Path data;
    private final RecordedPipeline recorded;
    private final Pipeline pipeline;
    private final IpPacket parser = new IpPacket();
    private final List<MemorySegment> packets = new ArrayList<>();
    private final PacketDescriptor event;
    private final long[] connections = new long[CONNECTIONS];
    private final boolean[] connected = new boolean[CONNECTIONS];
    private final long[] sessions = new long[CLIENTS];
    private long nowNs = System.nanoTime();

    MixedRecording(Path data, long seed) throws Exception {
        this.data = data;
        random = new SplittableRandom(seed);
        Arrays.fill(connections, PacketDescriptor.NO_FLOW);
        Arrays.fill(sessions, PacketDescriptor.NO_FLOW);
        PipelineSettings settings = settings(20);
        Journals journals = Objects.requireNonNull(
                Journals.open(data, RecordedPipeline.journal(JournalSettings.Mode.PACKETS, JOURNAL_BYTES), 1));
        recorded = new RecordedPipeline(journals, CAPACITY, seed, settings, settings);
        pipeline = recorded.pipeline();
        event = recorded.event();
        makePackets();
        journals.start();
    }

    private static String yaml(int megabits) {
        return """
                qos:
                  link-rate: %1$dMbit
                  classes: { P0: { ceiling: %1$dMbit, queue: 100 }, P3: { queue: 200 } }
                  rules:
                    - { match: { protocol: udp, destination-port: 53 }, class: P0 }
                    - { match: { source: 10.0.0.8/29 }, class: P1 }
                services:
                  - name: web
                    listen: tcp://127.0.0.1:80
                    rate: %1$dMbit
                    backends: [ { id: a, address: "127.0.0.1:81" }, { id: b, address: "127.0.0.1:82" } ]
                  - name: dns
                    listen: udp://127.0.0.1:53
                    rate: %1$dMbit
                    session-timeout: 20ms
                    max-sessions: 40
                    session-overflow: evict-oldest
                    backends: [ { id: c, address: "127.0.0.1:83" }, { id: d, address: "127.0.0.1:84" } ]
                  - name: few
                    listen: udp://127.0.0.1:54
                    max-sessions: 3
                    session-overflow: reject
                    backends: [ { id: e, address: "127.0.0.1:85" } ]
                """.formatted(megabits);
    }

    /** The relays' settings, and a service of every IP packet besides, with two gateways. */
    private PipelineSettings settings(int megabits) throws Exception {
        PipelineSettings relays =
                compiler.compile(Scenario.read(data, yaml(megabits))).pipeline();
        List<ServiceProfile> profiles = new ArrayList<>(relays.classify().services());
        assertTrue(profiles.size() == IP, profiles::toString);
        profiles.add(new ServiceProfile(IP, "ip", ServiceProfile.IP, true, 3, 5_000_000, 0, false, 0));
        List<BackendPool> pools = new ArrayList<>(relays.route().pools());
        pools.add(new BackendPool(List.of(1000, 1001), 1, 1_000_000_000));
        return new PipelineSettings(
                relays.version(),
                relays.hash(),
                new ClassifySettings(profiles, relays.classify().rules()),
                relays.shape(),
                relays.mark(),
                new RouteSettings(pools),
                new Names(relays.names().backends(), relays.names().listeners()));
    }

    /** Ordinary ones, and odd ones: fragments, chains, other protocols, cut, broken, without a length. */
    private void makePackets() {
        for (int host = 1; host < 20; host++) {
            byte[] datagram = Packets.udp(1000 + host, host % 3 == 0 ? 53 : 99, new byte[100 * host]);
            byte[] segment = Packets.tcp(2000 + host, 80, 1, 0x10, new byte[70 * host]);
            byte[] bulk = Packets.ipv4(host, 2, TCP, segment);
            bulk[2] = 0;
            bulk[3] = 0;
            byte[] wrong = Packets.ipv4(host, 2, UDP, datagram);
            wrong[0] = (byte) (host % 2 == 0 ? 0x44 : 0x54);
            for (byte[] packet : List.of(
                    Packets.ipv4(host, 2, UDP, datagram),
                    Packets.ipv4(host, 2, TCP, segment),
                    Packets.ipv6(host, 2, UDP, datagram),
                    Packets.ipv6(host, 2, TCP, segment),
                    Packets.ipv4(host, 2, 1, Packets.hex("0800 0000 0001 0001")),
                    Packets.ipv4(host, 2, 47, Packets.hex("0000 0800")),
                    Packets.ipv4(host, 2, UDP, 0x2000, new byte[0], Packets.udp(1000, 53, new byte[16])),
                    Packets.ipv4(host, 2, UDP, 3, new byte[0], new byte[7]),
                    Packets.ipv6(host, 2, 0, Packets.join(Packets.hex("3c00010400000000 1100010400000000"), datagram)),
                    Packets.ipv6(host, 2, 44, Packets.hex("1100 0010 00000007 01020304")),
                    Arrays.copyOf(Packets.ipv4(host, 2, UDP, datagram), 60),
                    Arrays.copyOf(Packets.ipv6(host, 2, UDP, datagram), 30),
                    bulk,
                    wrong)) {
                packets.add(recorded.arena().allocate(packet.length, 8).copyFrom(MemorySegment.ofArray(packet)));
            }
        }
    }

    /** Lives through so many events; in the midst of them the rates change. */
    void make(int events) throws Exception {
        for (int i = 0; i < events; i++) {
            if ((i & 1023) == 0) {
                recorded.awaitDisk(4 << 20);
            }
            nowNs += random.nextInt(MOST_NS);
            if (i == events / 2) {
                event.reset(EventKind.CONFIG, nowNs);
                event.endpoint(settings(40));
                pipeline.handle(event);
            }
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5, 6 -> packet();
                case 7, 8, 9, 10, 11, 12 -> datagram();
                case 13, 14, 15, 16, 17, 18 -> connection(random.nextInt(CONNECTIONS));
                default -> {
                    if (random.nextInt(20) == 0) {
                        change();
                    }
                }
            }
        }
        event.reset(EventKind.TICK, nowNs + 10_000_000_000L);
        pipeline.handle(event);
    }

    private void packet() {
        MemorySegment bytes = packets.get(random.nextInt(packets.size()));
        int length = (int) bytes.byteSize();
        event.reset(EventKind.DATA, nowNs);
        if (parser.parse(bytes.address(), length, length).isReadable()) {
            parser.describe(event);
        } else {
            IpPacket.describeMalformed(event, bytes.address(), length, length);
        }
        event.service(IP);
        pipeline.handle(event);
    }

    private void datagram() {
        int client = random.nextInt(CLIENTS);
        boolean isAnswer = sessions[client] != PacketDescriptor.NO_FLOW && random.nextBoolean();
        event(EventKind.DATA, client < CLIENTS / 10 ? FEW : DNS, UDP, 5000 + client);
        event.lengthBytes(random.nextInt(1200));
        if (isAnswer) {
            event.direction(Direction.TO_CLIENT);
            event.flowRef(sessions[client]);
        }
        pipeline.handle(event);
        if (!isAnswer) {
            sessions[client] = event.flowRef();
        }
    }

    private void connection(int i) {
        if (connections[i] == PacketDescriptor.NO_FLOW) {
            event(EventKind.OPEN, WEB, TCP, 6000 + random.nextInt(20_000));
            pipeline.handle(event);
            connections[i] = event.flowRef();
            connected[i] = false;
            return;
        }
        int what = random.nextInt(30);
        if (!connected[i]) {
            connected[i] = what > 3;
            follow(i, connected[i] ? EventKind.CONNECTED : EventKind.CONNECT_FAILED, 0);
        } else if (what == 0) {
            follow(i, EventKind.RESET, 0);
            connections[i] = PacketDescriptor.NO_FLOW;
        } else if (what == 1) {
            follow(i, EventKind.CLOSED, 0);
            connections[i] = PacketDescriptor.NO_FLOW;
        } else if (what == 2) {
            follow(i, EventKind.FIN, 0);
        } else {
            follow(i, EventKind.DATA, 1 + random.nextInt(16_000));
        }
    }

    private void follow(int i, EventKind kind, int bytes) {
        event(kind, WEB, TCP, 0);
        event.direction(random.nextBoolean() ? Direction.TO_BACKEND : Direction.TO_CLIENT);
        event.flowRef(connections[i]);
        event.lengthBytes(bytes);
        if (kind == EventKind.CONNECT_FAILED || kind == EventKind.CONNECTED) {
            event.direction(Direction.TO_BACKEND);
        }
        pipeline.handle(event);
    }

    private void event(EventKind kind, int service, int protocol, int port) {
        event.reset(kind, nowNs);
        event.service(service);
        event.protocol(protocol);
        event.ipVersion(4);
        event.sourceLow(0x0a00_0009L);
        event.sourcePort(port);
        event.destinationLow(0x7f00_0001L);
        event.destinationPort(53);
    }

    /** A backend's or gateway's health flips, or the share of a cap changes. */
    private void change() {
        if (random.nextInt(4) == 0) {
            event(EventKind.QUOTA, random.nextBoolean() ? DNS : FEW, UDP, 0);
            event.argument0(1 + random.nextInt(40));
        } else {
            boolean isGateway = random.nextBoolean();
            List<Names.Backend> backends = pipeline.settings().names().backends();
            event.reset(EventKind.HEALTH, nowNs);
            event.backend(
                    isGateway
                            ? 1000 + random.nextInt(2)
                            : backends.get(random.nextInt(backends.size())).number());
            event.argument0(random.nextInt(3) == 0 ? 0 : 1);
        }
        pipeline.handle(event);
    }

    @Override
    public void close() {
        recorded.close();
    }
}
