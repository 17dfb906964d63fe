package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.Tools.Outcome;
import io.marchproxy.l3l4.replay.pcap.CaptureBytes;
import io.marchproxy.l3l4.replay.pcap.PacketForge;
import io.marchproxy.l3l4.replay.pcap.Packets;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.InternetChecksum;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportPcapCommandTest {
    private static final long NOON = 1_700_000_000L;
    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final int PCAP_HEADER = 24;
    private static final int PCAP_RECORD = 16;
    private static final int PCAP_LENGTH = 8;
    private static final byte[] QUESTION = Packets.ipv4(1, 2, UDP, Packets.udp(1000, 53, new byte[20]));

    @TempDir
    Path folder;

    private int captures;
    private Path output;
    private Path config;

    @BeforeEach
    void smallTables() throws IOException {
        output = folder.resolve("data");
        config = Files.writeString(folder.resolve("proxy.yaml"), """
                engine: { max-flows: 1000 }
                qos:
                  rules:
                    - { match: { protocol: udp, source-port: 4000-4999 }, class: P1 }
                    - { match: { service: web }, class: P0 }
                services:
                  - name: dns
                    listen: udp://10.0.0.2:53
                    class: P2
                    backends: [ { id: a, address: "backend.invalid:53" } ]
                  - name: web
                    listen: tcp://*:80
                    backends: [ { id: b, address: 127.0.0.1:81 }, { id: c, address: 127.0.0.1:82 } ]
                """);
    }

    private Path file(byte[] capture) throws IOException {
        return Files.write(folder.resolve("capture-" + ++captures), capture);
    }

    private Outcome importFrom(Path capture, Object... more) {
        Object[] arguments = new Object[6 + more.length];
        System.arraycopy(
                new Object[] {"import-pcap", capture, "--output", output, "--config", config}, 0, arguments, 0, 6);
        System.arraycopy(more, 0, arguments, 6, more.length);
        return Tools.run(arguments);
    }

    private void assertVerified() {
        Outcome verified = Tools.run("verify", output);
        assertEquals(0, verified.exitCode(), verified::toString);
    }

    private static byte[] ethernet(byte[]... packets) {
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(CaptureBytes.ETHERNET);
        for (int i = 0; i < packets.length; i++) {
            capture.packet(NOON, i * 1000L, Packets.ethernet(packets[i]));
        }
        return capture.toArray();
    }

    private String tail() {
        return Tools.run("tail", "-n", 1000, output).out();
    }

    @Test
    void shouldPutEveryOddPacketIntoTheBooks() throws Exception {
        byte[] chain =
                Packets.join(Packets.hex("3c00010400000000 1100010400000000"), Packets.udp(1000, 53, new byte[5]));
        byte[] quoted = Packets.join(Packets.hex("03010000 00000000"), QUESTION);
        byte[] jumbo = Packets.ipv4(1, 2, TCP, Packets.tcp(1000, 80, 1, 0x10, new byte[8960]));
        byte[] wrong = QUESTION.clone();
        wrong[10]++;
        byte[] garbage = new byte[60];
        Arrays.fill(garbage, (byte) 0xa5);
        byte[] whole = Packets.ethernet(QUESTION);
        byte[] capture = CaptureBytes.littleEndian()
                .pcap(CaptureBytes.ETHERNET)
                .packet(NOON, 0, whole)
                .packet(NOON, 1, Packets.ethernet(Packets.ipv4(1, 2, TCP, Packets.tcp(1000, 80, 0, 2, new byte[0]))))
                .packet(NOON, 2, Packets.ethernet(Packets.ipv4(1, 2, 1, Packets.hex("0800 0000 0001 0001"))))
                .packet(NOON, 3, Packets.ethernet(Packets.ipv4(1, 2, 47, Packets.hex("0000 0800"))))
                .packet(NOON, 4, Packets.ethernet(Packets.ipv6(1, 2, UDP, Packets.udp(1000, 53, new byte[5]))))
                .packet(NOON, 5, Packets.ethernet(Packets.ipv6(1, 2, 0, chain)))
                .packet(
                        NOON,
                        6,
                        Packets.ethernet(Packets.ipv6(
                                1, 2, 44, Packets.hex("1100 0001 00000007 03e8 0035 0100 0000 0102030405060708"))))
                .packet(NOON, 7, Packets.ethernet(Packets.ipv6(1, 2, 44, Packets.hex("1100 0010 00000007 01020304"))))
                .packet(
                        NOON,
                        8,
                        Packets.ethernet(
                                Packets.ipv4(1, 2, UDP, 0x2000, new byte[0], Packets.udp(1000, 53, new byte[16]))))
                .packet(NOON, 9, Packets.ethernet(Packets.ipv4(1, 2, UDP, 3, new byte[0], new byte[7])))
                .packet(NOON, 10, Packets.ethernet("8100 0064", 0x0800, QUESTION))
                .packet(NOON, 11, Packets.ethernet("88a8 0064 8100 0065", 0x0800, QUESTION))
                .packet(NOON, 12, Packets.ethernet(wrong))
                .packet(
                        NOON,
                        13,
                        Packets.ethernet(Packets.ipv4(
                                1, 2, UDP, 0, Packets.hex("94040000"), Packets.udp(1000, 53, new byte[5]))))
                .packet(NOON, 14, Packets.ethernet(jumbo))
                .packet(NOON, 15, Packets.ethernet(Packets.ipv4(9, 1, 1, quoted)))
                .packet(NOON, 16, Packets.ethernet("", 0x0806, new byte[28]))
                .packet(NOON, 17, Packets.ethernet("", 0x0026, new byte[38]))
                .packet(NOON, 18, Arrays.copyOf(whole, 30), whole.length)
                .packet(NOON, 19, Arrays.copyOf(whole, 44), whole.length)
                .packet(NOON, 20, new byte[0])
                .packet(NOON, 21, Packets.ethernet("", 0x0800, garbage))
                .packet(
                        NOON,
                        22,
                        Packets.ethernet("", 0x0800, Packets.hex("44000014 00000000 00000000 0a000001 0a000002")))
                .packet(NOON, 23, Packets.ethernet("", 0x0800, new byte[0]))
                .packet(NOON - 5, 0, whole)
                .packet(NOON, 24, Packets.join(whole, new byte[18]))
                .toArray();

        Outcome imported = importFrom(file(capture));

        assertEquals(0, imported.exitCode(), imported::toString);
        assertEquals(
                List.of(
                        "frames 26, IP packets 23 of 9,978 bytes",
                        "passed over: 802.3 without an ethertype 1",
                        "passed over: ARP (0x0806) 1",
                        "passed over: cut off before the packet 1",
                        "malformed: too-short 2",
                        "malformed: bad-version 1",
                        "malformed: bad-header-length 1",
                        "captured in part: 1",
                        "IPv4 header with a wrong checksum: 1",
                        "out of order: 1",
                        "flows: 8 in 0.000 s",
                        "books: in 23 = out 19 + dropped 4 (malformed 4) + held 0",
                        "journal: " + output.resolve("journal").resolve("shard-0")),
                imported.out().lines().toList());
        assertVerified();
    }

    @Test
    void shouldFindThePacketsServiceByTheAddressThatItIsSentTo() throws Exception {
        Outcome imported = importFrom(file(ethernet(
                QUESTION,
                Packets.ipv4(2, 1, UDP, Packets.udp(53, 1000, new byte[20])),
                Packets.ipv4(1, 3, UDP, Packets.udp(4000, 53, new byte[20])),
                Packets.ipv4(1, 7, TCP, Packets.tcp(1000, 80, 0, 2, new byte[0])),
                Packets.ipv6(1, 7, TCP, Packets.tcp(1000, 80, 0, 2, new byte[0])))));

        assertEquals(0, imported.exitCode(), imported::toString);
        List<String> lines = tail().lines().toList();
        assertEquals(
                List.of(
                        "dns/ip/udp P2 34 none 0",
                        "ip/ip P3 0 none 3",
                        "ip/ip P1 34 1 3",
                        "web/ip/tcp P0 46 2 1",
                        "web/ip/tcp P0 46 2 2"),
                decisions(lines).stream()
                        .map(line -> line.replace("P2 18", "P2 34"))
                        .toList());
        assertVerified();
    }

    /** Service, class, code point, rule and backend of each packet. */
    private static List<String> decisions(List<String> lines) {
        return IntStream.range(0, lines.size() - 1)
                .filter(i -> lines.get(i).contains("kind=DATA"))
                .mapToObj(i -> field(lines.get(i), "service") + " " + field(lines.get(i + 1), "class") + " "
                        + field(lines.get(i + 1), "dscp") + " " + field(lines.get(i + 1), "rule") + " "
                        + field(lines.get(i + 1), "backend"))
                .toList();
    }

    private static String field(String line, String name) {
        int at = line.indexOf("  " + name + "=") + name.length() + 3;
        int end = line.indexOf("  ", at);
        return line.substring(at, end < 0 ? line.length() : end);
    }

    private void limit(boolean isKeptShort) throws IOException {
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("class: P2", "class: P2\n    rate: 1Mbit\n    burst: 2KB")
                        .replace("qos:\n", "qos:\n  codel: { enabled: " + isKeptShort + " }\n"));
    }

    /** Twice the rate for a second. The checksums are those of the headers as they are then. */
    @Test
    void shouldMarkPacketsThatWaitTooLongInTheirHeaders() throws Exception {
        limit(true);
        PacketForge forge = new PacketForge();
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(CaptureBytes.RAW);
        for (int i = 0; i < 500; i++) {
            PacketForge.Ends ends =
                    new PacketForge.Ends(4, UDP, 0, 0x0a00_0001, 1000, 0, 0x0a00_0002, 53, Ecn.CAPABLE_0);
            capture.packet(NOON, i * 2_000L, forge.udp(ends, 472, new byte[472]));
        }

        Outcome imported = importFrom(file(capture.toArray()));

        assertTrue(imported.out().contains("books: in 500 = out 500 + dropped 0 + held 0"), imported::toString);
        assertVerified();
        Path sent = folder.resolve("sent.pcap");
        assertEquals(
                0,
                Tools.run("export-pcap", output, "--sent", "--format", "pcap", "--output", sent)
                        .exitCode());
        ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(sent)).order(ByteOrder.LITTLE_ENDIAN);
        MemorySegment header = Arena.ofAuto().allocate(Ipv4View.LEAST_HEADER_BYTES);
        int marked = 0;
        int packets = 0;
        for (int at = PCAP_HEADER; at < pcap.limit(); at += PCAP_RECORD + pcap.getInt(at + PCAP_LENGTH)) {
            MemorySegment.copy(
                    pcap.array(), at + PCAP_RECORD, header, ValueLayout.JAVA_BYTE, 0, Ipv4View.LEAST_HEADER_BYTES);
            assertEquals(
                    0, InternetChecksum.finish(InternetChecksum.sum(header.address(), Ipv4View.LEAST_HEADER_BYTES)));
            int tos = pcap.get(at + PCAP_RECORD + Ipv4View.TOS) & 0xff;
            assertEquals(18, tos >> 2);
            marked += (tos & Ecn.MASK) == Ecn.CONGESTION_EXPERIENCED ? 1 : 0;
            packets++;
        }
        assertEquals(500, packets);
        assertTrue(marked > 10 && marked < 100, marked + " marked");
    }

    /** 20 packets of 1,028 bytes come at once; at 1 Mbit/s, 2 KB of which may leave at once, the last leaves after 0.15 s. */
    @Test
    void shouldHoldWhatIsAboveItsServicesRate() throws Exception {
        limit(false);
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(CaptureBytes.RAW);
        for (int i = 0; i < 20; i++) {
            capture.packet(NOON, 0, Packets.ipv4(1, 2, UDP, Packets.udp(1000, 53, new byte[1000])));
        }

        Outcome imported = importFrom(file(capture.toArray()));

        assertEquals(0, imported.exitCode(), imported::toString);
        assertTrue(imported.out().contains("flows: 1 in 0.14"), imported::toString);
        assertTrue(imported.out().contains("books: in 20 = out 20 + dropped 0 + held 0"), imported::toString);
        assertVerified();
    }

    @Test
    void shouldBeReadByTheOtherCommands() throws Exception {
        importFrom(file(ethernet(
                QUESTION,
                QUESTION,
                Packets.ipv4(1, 3, 1, Packets.hex("0800 0000 0001 0001")),
                Packets.ipv4(1, 3, UDP, Packets.udp(4000, 99, new byte[20])))));

        Outcome flows = Tools.run("flows", output, "--format", "csv");
        assertEquals(0, flows.exitCode(), flows::toString);
        assertEquals(1 + 3, flows.out().lines().count(), flows::toString);
        assertTrue(Tools.run("flows", output, "packets > 1").out().contains("10.0.0.1:1000"), flows::toString);
        Outcome same = Tools.run("diff", output, "--config", config, "--fail-on-change");
        assertEquals(0, same.exitCode(), same::toString);
        Files.writeString(config, Files.readString(config).replace("class: P1", "class: P0"));
        Outcome other = Tools.run("diff", output, "--config", config, "--fail-on-change");
        assertEquals(1, other.exitCode(), other::toString);
        assertTrue(other.out().contains("decisions  4, changed 1"), other::toString);
    }

    @Test
    void shouldNeedNoConfiguration() throws Exception {
        Outcome imported = Tools.run("import-pcap", file(ethernet(QUESTION)), "--output", output);

        assertEquals(0, imported.exitCode(), imported::toString);
        assertEquals(List.of("ip/ip P3 0 none 0"), decisions(tail().lines().toList()));
        assertVerified();
    }

    @Test
    void shouldRouteFlowsAmongGateways() throws Exception {
        byte[][] packets = new byte[4][];
        Arrays.setAll(packets, i -> Packets.ipv4(1, 3, UDP, Packets.udp(1000 + i, 99, new byte[1])));

        importFrom(file(ethernet(packets)), "--gateways", 2);

        assertEquals(
                List.of("ip/ip P3 0 none 3", "ip/ip P3 0 none 4", "ip/ip P3 0 none 3", "ip/ip P3 0 none 4"),
                decisions(tail().lines().toList()));
    }

    @Test
    void shouldEndSilentFlowsInTheCapturesOwnTime() throws Exception {
        byte[] capture = CaptureBytes.littleEndian()
                .pcap(CaptureBytes.RAW)
                .packet(NOON, 0, Packets.ipv4(1, 3, 1, new byte[8]))
                .packet(NOON + 3600, 0, Packets.ipv4(1, 3, 1, new byte[8]))
                .toArray();

        Outcome imported = importFrom(file(capture));

        assertTrue(imported.out().contains("flows: 2 in 3600.000 s"), imported::toString);
        assertTrue(tail().contains("reason=IDLE"), this::tail);
        assertTrue(tail().contains("2023-11-14T22:13:20.000Z"), this::tail);
        assertVerified();
    }

    @Test
    void shouldGiveAPacketWithoutATimeThatOfTheOneBefore() throws Exception {
        byte[] capture = CaptureBytes.littleEndian()
                .section()
                .interfaceOf(CaptureBytes.RAW, 0)
                .enhanced(0, NOON * 1_000_000 + 5, QUESTION, QUESTION.length)
                .simple(QUESTION, QUESTION.length)
                .enhanced(0, 5, QUESTION, QUESTION.length)
                .enhanced(0, 7, QUESTION, QUESTION.length)
                .toArray();

        Outcome imported = importFrom(file(capture));

        assertTrue(
                imported.out().contains("without a time: 1\nleaps of half a year and more in the times, left out: 1"),
                imported::toString);
        assertEquals(3, tail().lines().filter(line -> line.contains("(5000ns)")).count(), this::tail);
        assertEquals(1, tail().lines().filter(line -> line.contains("(7000ns)")).count(), this::tail);
        assertVerified();
    }

    @Test
    void shouldReadSeveralCapturesOneAfterTheOther() throws Exception {
        Path first = file(ethernet(QUESTION, QUESTION));
        Path second = file(CaptureBytes.littleEndian()
                .pcap(101)
                .packet(NOON + 1, 0, QUESTION)
                .toArray());

        Outcome imported = Tools.run("import-pcap", first, second, "--output", output, "--config", config);

        assertTrue(imported.out().contains("frames 3, IP packets 3"), imported::toString);
        assertVerified();
    }

    @Test
    void shouldReadStandardInput() throws Exception {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(ethernet(QUESTION)));
        try {
            Outcome imported = importFrom(Path.of("-"));
            assertTrue(imported.out().contains("frames 1, IP packets 1"), imported::toString);
        } finally {
            System.setIn(before);
        }
    }

    /** As a shell's {@code <(…)} hands over, whose bytes can be read but once. */
    @Test
    void shouldReadANamedPipe() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        byte[] capture = ethernet(QUESTION);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Files.write(pipe, capture);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        Outcome imported = assertTimeoutPreemptively(Duration.ofSeconds(60), () -> importFrom(pipe));

        assertEquals(0, imported.exitCode(), imported::toString);
        assertTrue(imported.out().contains("frames 1, IP packets 1"), imported::toString);
        assertVerified();
    }

    @Test
    void shouldImportWhatIsWholeOfACaptureThatIsCutShort() throws Exception {
        byte[] capture = ethernet(QUESTION, QUESTION, QUESTION);

        Outcome imported = importFrom(file(Arrays.copyOf(capture, capture.length - 1)));

        assertEquals(1, imported.exitCode());
        assertTrue(
                imported.err()
                        .contains(
                                "it is cut short: it ends within a packet that begins at byte 180; what came before it is imported"),
                imported::toString);
        assertTrue(imported.out().contains("books: in 2 = out 2"), imported::toString);
        assertVerified();
    }

    @Test
    void shouldRefuseWhatIsNoCaptureBeforeAnythingIsWritten() throws Exception {
        Path foreign = Files.writeString(folder.resolve("notes.txt"), "no packets");

        Outcome refused = Tools.run("import-pcap", file(ethernet(QUESTION)), foreign, "--output", output);

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("notes.txt is no capture"), refused::toString);
        assertFalse(Files.exists(output));
    }

    @Test
    void shouldRefuseAFileThatIsNotThere() {
        Outcome refused = importFrom(folder.resolve("missing.pcap"));

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("missing.pcap"), refused::toString);
    }

    @Test
    void shouldRefuseACaptureOfAnotherLinkType() throws Exception {
        Outcome refused = importFrom(file(
                CaptureBytes.littleEndian().pcap(105).packet(NOON, 0, QUESTION).toArray()));

        assertEquals(2, refused.exitCode());
        assertTrue(
                refused.err().contains("there is nothing to import: link type 105 can't be read"), refused::toString);
        assertFalse(Files.exists(output));
    }

    @Test
    void shouldNotWriteIntoAJournalThatIsThere() throws Exception {
        Path capture = file(ethernet(QUESTION));
        assertEquals(0, importFrom(capture).exitCode());

        Outcome refused = importFrom(capture);

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("is there already"), refused::toString);
        assertVerified();
    }

    @Test
    void shouldMakeAnEmptyJournalOfAnEmptyCapture() throws Exception {
        Outcome imported = importFrom(file(CaptureBytes.littleEndian().pcap(1).toArray()));

        assertEquals(0, imported.exitCode(), imported::toString);
        assertTrue(imported.out().contains("books: in 0 = out 0"), imported::toString);
        assertVerified();
    }

    @Test
    void shouldTellTheFaultsOfAConfiguration() throws Exception {
        Files.writeString(config, "engine: { max-flows: none }");

        Outcome refused = importFrom(file(ethernet(QUESTION)));

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("proxy.yaml:1: "), refused::toString);
    }

    @Test
    void shouldRefuseValuesOutOfRange() throws Exception {
        Path capture = file(ethernet(QUESTION));

        assertTrue(importFrom(capture, "--gateways", 0).err().contains("--gateways is 1 to 1000, not 0"));
        assertTrue(importFrom(capture, "--snap", "1KB").err().contains("--snap 1KB: must be from 0B to 256B"));
    }
}
