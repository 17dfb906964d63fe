package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.pcap.CaptureBytes;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.Captures;
import io.marchproxy.l3l4.replay.pcap.Packets;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A capture in, a journal, a capture out: the same packets. */
class CaptureRoundTripTest {
    private static final long NOON = 1_700_000_000L;

    @TempDir
    Path folder;

    private final DescriptorSlab slab =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE));
    private final PacketDescriptor descriptor = slab.view(0);

    private static List<byte[]> packets() {
        return List.of(
                Packets.ipv4(1, 2, 17, Packets.udp(1000, 53, new byte[5])),
                Packets.ipv4(2, 1, 17, Packets.udp(53, 1000, new byte[300])),
                Packets.ipv4(1, 2, 6, Packets.tcp(1000, 80, 7, 2, new byte[0])),
                Packets.ipv4(1, 2, 6, Packets.tcp(1000, 80, 8, 0x18, new byte[8000])),
                Packets.ipv4(1, 2, 1, Packets.hex("0800 0000 0001 0001")),
                Packets.ipv4(1, 2, 47, new byte[100]),
                Packets.ipv6(1, 2, 17, Packets.udp(1000, 53, new byte[20])),
                Packets.ipv6(1, 2, 6, Packets.tcp(1000, 80, 9, 0x10, new byte[33])),
                Packets.ipv6(1, 2, 58, new byte[16]),
                Packets.ipv4(1, 2, 17, 0x2000, new byte[0], Packets.udp(1000, 53, new byte[16])),
                Packets.ipv4(1, 2, 17, 3, new byte[0], new byte[7]),
                Packets.ipv6(1, 2, 44, Packets.hex("1100 0010 00000007 01020304")),
                Packets.hex("4500 0013 0001 0000 4011 0000 0a000001 0a000002"));
    }

    private Path original(List<byte[]> packets) throws IOException {
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(0xa1b23c4d, CaptureBytes.ETHERNET);
        for (int i = 0; i < packets.size(); i++) {
            capture.packet(NOON, i * 1001L, Packets.ethernet(packets.get(i)));
        }
        return Files.write(folder.resolve("original.pcap"), capture.toArray());
    }

    /** Time, length, protocol, addresses and ports of each packet. */
    private List<String> described(Path capture, int link) throws IOException {
        IpPacket parser = new IpPacket();
        List<String> lines = new ArrayList<>();
        try (CaptureReader reader = Captures.open(Files.newInputStream(capture), "it")) {
            while (reader.next()) {
                descriptor.reset(EventKind.DATA, 0);
                int captured = reader.capturedBytes() - link;
                if (parser.parse(reader.address() + link, captured).isReadable()) {
                    parser.describe(descriptor);
                } else {
                    IpPacket.describeMalformed(descriptor, 0, captured, reader.originalBytes() - link);
                }
                lines.add(reader.timeNs() + " " + descriptor.lengthBytes() + " " + descriptor.protocol() + " "
                        + Long.toHexString(descriptor.sourceHigh() ^ descriptor.sourceLow()) + ":"
                        + descriptor.sourcePort() + " "
                        + Long.toHexString(descriptor.destinationHigh() ^ descriptor.destinationLow()) + ":"
                        + descriptor.destinationPort());
            }
        }
        return lines;
    }

    private void run(String... arguments) {
        Tools.Outcome outcome = Tools.run((Object[]) arguments);
        assertEquals(0, outcome.exitCode(), outcome::toString);
    }

    private Path text(String name) {
        return folder.resolve(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pcap", "pcapng"})
    void shouldGiveTheSamePacketsBackWhetherTheirBytesWereRecordedOrNot(String format) throws Exception {
        Path original = original(packets());
        List<String> expected = described(original, 14);
        for (String snap : new String[] {"0B", "64B"}) {
            String data = text("data" + snap).toString();
            String exported = text("exported" + snap).toString();
            String again = text("again" + snap).toString();
            run("import-pcap", original.toString(), "--output", data, "--snap", snap);
            run("export-pcap", data, "--output", exported, "--format", format);
            assertEquals(expected, described(Path.of(exported), 0));

            run("import-pcap", exported, "--output", again);
            run("verify", again);
            run("export-pcap", again, "--output", exported, "--format", format);
            assertEquals(expected, described(Path.of(exported), 0));
        }
    }

    @Test
    void shouldGiveTheRecordedBytesBackAsTheyWere() throws Exception {
        List<byte[]> packets = packets();
        run(
                "import-pcap",
                original(packets).toString(),
                "--output",
                text("data").toString(),
                "--snap",
                "64B");
        run("export-pcap", text("data").toString(), "--output", text("exported").toString());

        List<String> expected = packets.stream()
                .map(packet -> HexFormat.of().formatHex(packet, 0, Math.min(packet.length, 64)))
                .toList();
        assertEquals(expected, bytes(text("exported")));
    }

    private static List<String> bytes(Path capture) throws IOException {
        List<String> all = new ArrayList<>();
        try (CaptureReader reader = Captures.open(new ByteArrayInputStream(Files.readAllBytes(capture)), "it")) {
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

    /** RFC 1624 by the stages' own rewriting; the whole header summed up here says that it is right. */
    @ParameterizedTest
    @ValueSource(strings = {"0B", "64B"})
    void shouldWriteTheDecidedCodePointIntoTheHeadersOfWhatLeft(String snap) throws Exception {
        Path config = Files.writeString(text("proxy.yaml"), """
                qos: { rules: [ { match: { protocol: udp }, class: P0 }, { match: { protocol: tcp }, class: P1 } ] }
                services: [ { name: a, listen: "tcp://127.0.0.1:9", backends: [ { id: b, address: "127.0.0.1:99" } ] } ]
                """);
        List<byte[]> packets = packets();
        run(
                "import-pcap",
                original(packets).toString(),
                "--output",
                text("data").toString(),
                "--snap",
                snap,
                "--config",
                config.toString());
        run("export-pcap", text("data").toString(), "--output", text("sent").toString(), "--sent");

        List<String> sent = bytes(text("sent"));
        assertEquals(packets.size() - 1, sent.size(), "what was dropped did not leave");
        List<Integer> codePoints = new ArrayList<>();
        for (String hex : sent) {
            byte[] packet = HexFormat.of().parseHex(hex);
            boolean isV4 = packet[0] >> 4 == 4;
            codePoints.add(isV4 ? (packet[1] & 0xff) >> 2 : ((packet[0] & 0xf) << 2) | ((packet[1] & 0xc0) >> 6));
            if (isV4) {
                assertEquals(0, Packets.checksum(packet, 0, 20, 0), hex);
            }
        }
        assertEquals(List.of(46, 46, 34, 34, 0, 0, 46, 34, 0, 46, 46, 46), codePoints);
    }

    @Test
    void shouldSayOfEachPacketWhatWasDecided() throws Exception {
        run(
                "import-pcap",
                original(packets()).toString(),
                "--output",
                text("data").toString());
        run("export-pcap", text("data").toString(), "--output", text("exported").toString());

        String all = new String(Files.readAllBytes(text("exported")), StandardCharsets.ISO_8859_1);
        assertTrue(all.contains("verdict=forward service=ip class=P3 dscp=0 backend=gateway-1 flow=0.0 new-flow"));
        assertTrue(all.contains("verdict=drop reason=malformed service=ip class=P3"));
    }

    @Test
    void shouldRefuseAFolderWithoutAJournalAndAnOutputThatCanNotBeWritten() throws Exception {
        assertEquals(2, Tools.run("export-pcap", folder, "--output", text("x")).exitCode());
        run(
                "import-pcap",
                original(packets()).toString(),
                "--output",
                text("data").toString());
        assertEquals(
                2,
                Tools.run("export-pcap", text("data"), "--output", text("no").resolve("x"))
                        .exitCode());
        Tools.Outcome refused = Tools.run("export-pcap", text("data"), "--output", text("x"), "--format", "cap");
        assertEquals(2, refused.exitCode());
        assertTrue(Arrays.asList(refused.err().split("\n")).getFirst().contains("PCAP, PCAPNG"), refused::toString);
    }
}
