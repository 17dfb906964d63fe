package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalWriter;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.Captures;
import io.marchproxy.l3l4.replay.pcap.Packets;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.ParseResult;
import io.marchproxy.l3l4.stages.packet.TcpView;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a relay did, event by event, and the packets that are shown of it. */
class ExportPcapCommandTest implements PipelineOutput {
    private static final int WEB = 0;
    private static final int DNS = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final long SECOND = 1_000_000_000L;
    private static final long STARTED_MS = 1_700_000_000_123L;
    private static final long STARTED_NS = 5 * SECOND;

    @TempDir
    Path folder;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment payload = arena.allocate(100_000);
    private final PacketDescriptor event =
            new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private JournalWriter writer;
    private Pipeline pipeline;
    private long nowNs = STARTED_NS;
    private String told = "";

    @BeforeEach
    void begin() throws IOException {
        begin(0);
    }

    private void begin(int shard) throws IOException {
        SessionInfo session = new SessionInfo(
                "test", JournalSettings.Mode.PACKETS, shard, 2, false, 1, 100, STARTED_MS, STARTED_NS, settings());
        writer = new JournalWriter(folder.resolve("data"), session, 16);
        pipeline = new Pipeline(settings(), new OffHeapFlowTable(100, 1, arena), this, writer.journal());
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private static PipelineSettings settings() {
        return new PipelineSettings(
                1,
                "hash",
                new ClassifySettings(
                        List.of(
                                new ServiceProfile(WEB, "web", TCP, true, 1, 60 * SECOND, 0, false, 0),
                                new ServiceProfile(DNS, "dns", UDP, true, 2, 30 * SECOND, 1, false, 0)),
                        List.of()),
                new ShapeSettings(100, 100, 100, 100),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(
                        List.of(new BackendPool(List.of(7), 1, SECOND), new BackendPool(List.of(9), 1, SECOND))));
    }

    private PacketDescriptor at(long afterNs, EventKind kind, int service, Direction direction) {
        event.reset(kind, STARTED_NS + afterNs);
        nowNs = STARTED_NS + afterNs;
        event.service(service);
        event.protocol(service == WEB ? TCP : UDP);
        event.ipVersion(4);
        event.direction(direction);
        return event;
    }

    private PacketDescriptor fromClient(long afterNs, EventKind kind, int service, int port) {
        at(afterNs, kind, service, Direction.TO_BACKEND);
        event.sourceLow(0x0a000001L);
        event.sourcePort(port);
        event.destinationLow(0x0a000002L);
        event.destinationPort(service == WEB ? 80 : 53);
        return event;
    }

    private long open(long afterNs, int port) {
        fromClient(afterNs, EventKind.OPEN, WEB, port);
        pipeline.handle(event);
        return event.flowRef();
    }

    private void stream(long afterNs, long flow, Direction direction, int bytes) {
        at(afterNs, EventKind.DATA, WEB, direction).flowRef(flow);
        event.lengthBytes(bytes);
        pipeline.handle(event);
    }

    private void control(long afterNs, EventKind kind, long flow, Direction direction) {
        at(afterNs, kind, WEB, direction).flowRef(flow);
        pipeline.handle(event);
    }

    private void end() throws IOException {
        writer.end(nowNs);
        writer.close();
    }

    /** Each packet as tcpdump would have it, sequence numbers counted from each way's first. */
    private List<String> exported(String... more) throws IOException {
        Path file = folder.resolve("exported");
        List<Object> arguments = new ArrayList<>(List.of("export-pcap", folder.resolve("data"), "--output", file));
        arguments.addAll(List.of(more));
        Tools.Outcome outcome = Tools.run(arguments.toArray());
        assertEquals(0, outcome.exitCode(), outcome::toString);
        told = outcome.err();
        List<String> lines = new ArrayList<>();
        IpPacket packet = new IpPacket();
        long[] first = new long[65_536];
        try (CaptureReader reader = Captures.open(Files.newInputStream(file), "it")) {
            while (reader.next()) {
                ParseResult result = packet.parse(reader.address(), reader.capturedBytes());
                long ns = reader.timeNs() - STARTED_MS * 1_000_000;
                lines.add(ns + " " + packet.sourcePort() + ">" + packet.destinationPort() + " "
                        + (packet.protocol() == TCP ? segment(packet, first) : "udp") + " " + packet.payloadBytes()
                        + " of " + reader.originalBytes() + " " + result);
            }
            assertEquals(null, reader.damage());
        }
        return lines;
    }

    private static String segment(IpPacket packet, long[] first) {
        TcpView tcp = packet.tcp();
        StringBuilder flags = new StringBuilder();
        flags.append((tcp.flags() & TcpView.SYN) != 0 ? "S" : "");
        flags.append((tcp.flags() & TcpView.FIN) != 0 ? "F" : "");
        flags.append((tcp.flags() & TcpView.RST) != 0 ? "R" : "");
        flags.append((tcp.flags() & TcpView.PSH) != 0 ? "P" : "");
        flags.append((tcp.flags() & TcpView.ACK) != 0 ? "." : "");
        if ((tcp.flags() & TcpView.SYN) != 0 || first[packet.sourcePort()] == 0) {
            first[packet.sourcePort()] = tcp.sequence();
        }
        return flags + " seq " + ((tcp.sequence() - first[packet.sourcePort()]) & 0xffff_ffffL);
    }

    @Test
    void shouldShowAConnectionAsItsClientSawIt() throws Exception {
        long flow = open(1, 5000);
        stream(2, flow, Direction.TO_BACKEND, 100);
        stream(3, flow, Direction.TO_CLIENT, 70_000);
        control(4, EventKind.FIN, flow, Direction.TO_BACKEND);
        stream(5, flow, Direction.TO_CLIENT, 1);
        control(6, EventKind.FIN, flow, Direction.TO_CLIENT);
        control(7, EventKind.CLOSED, flow, Direction.TO_CLIENT);
        long again = open(8, 5000);
        control(9, EventKind.RESET, again, Direction.TO_CLIENT);
        end();

        assertEquals(
                List.of(
                        "1 5000>80 S seq 0 0 of 48 OK",
                        "1 80>5000 S. seq 0 0 of 48 OK",
                        "1 5000>80 . seq 1 0 of 40 OK",
                        "2 5000>80 P. seq 1 100 of 140 SNAPPED",
                        "3 80>5000 . seq 1 65475 of 65515 SNAPPED",
                        "3 80>5000 P. seq 65476 4525 of 4565 SNAPPED",
                        "4 5000>80 F. seq 101 0 of 40 OK",
                        "5 80>5000 P. seq 70001 1 of 41 SNAPPED",
                        "6 80>5000 F. seq 70002 0 of 40 OK",
                        "8 5000>80 S seq 0 0 of 48 OK",
                        "8 80>5000 S. seq 0 0 of 48 OK",
                        "8 5000>80 . seq 1 0 of 40 OK",
                        "9 80>5000 R. seq 1 0 of 40 OK"),
                exported());
    }

    @Test
    void shouldAcknowledgeNowAndThenSoThatNoWindowIsEverFull() throws Exception {
        long flow = open(0, 5000);
        for (int i = 0; i < 9; i++) {
            stream(i, flow, Direction.TO_BACKEND, 64_000_000);
        }
        end();

        List<String> acknowledgements =
                exported().stream().filter(line -> line.contains(" 80>5000 . ")).toList();

        assertEquals(List.of("8 80>5000 . seq 1 0 of 40 OK"), acknowledgements);
    }

    @Test
    void shouldShowARefusedConnectionWithItsReset() throws Exception {
        fromClient(1, EventKind.OPEN, WEB, 5000).argument0(DropReason.CONNECTION_CAP.ordinal() + 1L);
        pipeline.handle(event);
        end();

        assertEquals(List.of("1 5000>80 S seq 0 0 of 48 OK", "1 80>5000 R. seq 0 0 of 40 OK"), exported());
        assertTrue(comments().contains("verdict=drop reason=connection-cap service=web class=P1"));
    }

    private String comments() throws IOException {
        return new String(Files.readAllBytes(folder.resolve("exported")), StandardCharsets.ISO_8859_1);
    }

    @Test
    void shouldMakeOfARunOfDatagramsItsDatagrams() throws Exception {
        for (int i = 0; i < 100; i++) {
            payload.set(ValueLayout.JAVA_BYTE, i, (byte) i);
        }
        fromClient(1, EventKind.DATA, DNS, 6000).payloadAddress(payload.address());
        event.lengthBytes(70);
        event.packets(3);
        event.segmentBytes(30);
        pipeline.handle(event);
        long flow = event.flowRef();
        at(2, EventKind.DATA, DNS, Direction.TO_CLIENT).flowRef(flow);
        event.payloadAddress(payload.address());
        event.lengthBytes(5);
        pipeline.handle(event);
        end();

        assertEquals(
                List.of(
                        "1 6000>53 udp 30 of 58 SNAPPED",
                        "1 6000>53 udp 30 of 58 SNAPPED",
                        "1 6000>53 udp 10 of 38 OK",
                        "2 53>6000 udp 5 of 33 OK"),
                exported());
        List<String> bytes = bytes();
        assertTrue(bytes.get(1).endsWith(HexFormat.of().formatHex(range(30, 46))), bytes::toString);
        byte[] answer = HexFormat.of().parseHex(bytes.get(3));
        assertEquals(0, Packets.checksum(answer, 0, 20, 0), "IPv4");
        assertEquals(0, Packets.checksum(answer, 12, answer.length, UDP + answer.length - 20), "UDP");
    }

    private static byte[] range(int from, int to) {
        byte[] range = new byte[to - from];
        for (int i = 0; i < range.length; i++) {
            range[i] = (byte) (from + i);
        }
        return range;
    }

    private List<String> bytes() throws IOException {
        List<String> all = new ArrayList<>();
        try (CaptureReader reader = Captures.open(Files.newInputStream(folder.resolve("exported")), "it")) {
            while (reader.next()) {
                byte[] packet = new byte[reader.capturedBytes()];
                for (int i = 0; i < packet.length; i++) {
                    packet[i] = Memory.getByte(reader.address() + i);
                }
                all.add(HexFormat.of().formatHex(packet));
            }
        }
        return all;
    }

    @Test
    void shouldShowWhatWasDroppedUnlessAskedForWhatLeft() throws Exception {
        for (int port = 6000; port < 6002; port++) {
            fromClient(1, EventKind.DATA, DNS, port).lengthBytes(10);
            pipeline.handle(event);
        }
        end();

        assertEquals(List.of("1 6000>53 udp 10 of 38 SNAPPED", "1 6001>53 udp 10 of 38 SNAPPED"), exported());
        assertTrue(comments().contains("verdict=drop reason=session-cap service=dns class=P2"));
        assertTrue(comments()
                .contains("verdict=forward service=dns class=P2 dscp=18 backend=9 flow=0.0 new-flow shard=0"));
        assertEquals(List.of("1 6000>53 udp 10 of 38 SNAPPED"), exported("--sent"));
    }

    @Test
    void shouldShowOnlyWhatTheFilterFits() throws Exception {
        long flow = open(1, 5000);
        stream(2, flow, Direction.TO_CLIENT, 10);
        open(3, 5001);
        for (int port = 6000; port < 6002; port++) {
            fromClient(4, EventKind.DATA, DNS, port).lengthBytes(10);
            pipeline.handle(event);
        }
        end();

        assertEquals(List.of("2 80>5000 P. seq 0 10 of 50 SNAPPED"), exported("--filter", "port 5000 and bytes > 0"));
        assertEquals(4, exported("--filter", "src port 5000").size());
        assertEquals(0, exported("--filter", "src port 80").size());
        assertEquals(
                List.of("4 6001>53 udp 10 of 38 SNAPPED"), exported("--filter", "service dns and end session-cap"));
        assertEquals(List.of("4 6001>53 udp 10 of 38 SNAPPED"), exported("--filter", "drops > 0"));
        assertEquals(List.of("4 6000>53 udp 10 of 38 SNAPPED"), exported("--filter", "class P2 and backend 9"));
        Tools.Outcome refused =
                Tools.run("export-pcap", folder.resolve("data"), "--output", folder.resolve("x"), "--filter", "prot 5");
        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("unknown word prot"), refused::toString);
    }

    @Test
    void shouldLeaveOutAndTellWhatBelongsToNoFlowThatItKnows() throws Exception {
        stream(1, 77, Direction.TO_BACKEND, 10);
        end();

        assertEquals(List.of(), exported());
        assertTrue(told.contains("1 events left out: the begin of their flow is not in the journal"), told);
    }

    @Test
    void shouldMergeShardsByTime() throws Exception {
        open(1, 5000);
        open(30, 5001);
        end();
        begin(1);
        open(20, 5002);
        end();

        assertEquals(
                List.of("1 5000>80", "20 5002>80", "30 5001>80"),
                exported().stream()
                        .filter(line -> line.contains(" S "))
                        .map(line -> line.substring(0, line.indexOf(" S ")))
                        .toList());
        assertTrue(comments().contains("shard=1"));
    }

    @Test
    void shouldSayThatTheModeFlowsKnowsNoPackets() throws Exception {
        end();
        Path data = folder.resolve("flows");
        try (Synthetic synthetic =
                new Synthetic(data, JournalSettings.Mode.FLOWS, Synthetic.settings(18), Synthetic.settings(18))) {
            synthetic.datagrams(10);
        }

        Path exported = Files.writeString(folder.resolve("exported"), "of yesterday");
        Tools.Outcome refused = Tools.run("export-pcap", data, "--output", exported);

        assertEquals(2, refused.exitCode());
        assertEquals("of yesterday", Files.readString(exported));
        assertTrue(refused.err().contains("recorded in the mode flows, which knows no packets"), refused::toString);
    }

    @Override
    public void forward(PacketDescriptor packet) {}

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {}

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {}
}
