package io.marchproxy.l3l4.replay.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A capture in, its packets out, each as a line: link type, time, captured and original bytes. */
class CapturesTest {
    private static final long NOON = 1_700_000_000L;
    private static final byte[] SMALL = Packets.ipv4(1, 2, 17, Packets.udp(1000, 53, new byte[5]));
    private static final byte[] LARGE = Packets.ipv4(1, 2, 17, Packets.udp(1000, 53, new byte[9000]));

    private String damage = "";

    private List<String> read(byte[] capture) throws IOException {
        List<String> lines = new ArrayList<>();
        try (CaptureReader reader = Captures.open(new ByteArrayInputStream(capture), "it")) {
            while (reader.next()) {
                String time = reader.timeNs() == CaptureReader.NO_TIME ? "-" : Long.toString(reader.timeNs());
                lines.add(reader.linkType() + " " + time + " " + reader.capturedBytes() + "/" + reader.originalBytes());
            }
            damage = String.valueOf(reader.damage());
        }
        return lines;
    }

    private static CaptureBytes in(String order) {
        return new CaptureBytes(order.equals("little") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    @ParameterizedTest
    @CsvSource({
        "little, a1b2c3d4, 1700000000000005000",
        "big, a1b2c3d4, 1700000000000005000",
        "little, a1b23c4d, 1700000000000000005",
        "big, a1b23c4d, 1700000000000000005"
    })
    void shouldReadTheClassicFormatInEitherByteOrderAndUnit(String order, String magic, long time) throws Exception {
        byte[] capture = in(order)
                .pcap(Integer.parseUnsignedInt(magic, 16), CaptureBytes.ETHERNET)
                .packet(NOON, 5, SMALL)
                .packet(NOON, 5, LARGE)
                .packet(NOON, 5, Arrays.copyOf(LARGE, 60), LARGE.length)
                .packet(NOON, 5, new byte[0])
                .toArray();

        assertEquals(
                List.of(
                        "1 " + time + " 33/33",
                        "1 " + time + " 9028/9028",
                        "1 " + time + " 60/9028",
                        "1 " + time + " 0/0"),
                read(capture));
        assertEquals("null", damage);
    }

    @Test
    void shouldPassOverWhatTheLinkTypesFieldSaysOfAFrameCheckSequence() throws Exception {
        byte[] capture = CaptureBytes.littleEndian()
                .pcap(0x14000001)
                .packet(NOON, 0, SMALL)
                .toArray();

        assertEquals(List.of("1 1700000000000000000 33/33"), read(capture));
    }

    @ParameterizedTest
    @ValueSource(strings = {"little", "big"})
    void shouldReadTheNewerFormatInEitherByteOrder(String order) throws Exception {
        CaptureBytes capture = in(order).section();
        capture.interfaceOf(CaptureBytes.ETHERNET, 0)
                .interfaceOf(
                        CaptureBytes.RAW,
                        40,
                        capture.option(2, "eth0".getBytes(StandardCharsets.UTF_8)),
                        capture.resolution(9))
                .block(0x0bad, new byte[13])
                .enhanced(
                        0,
                        NOON * 1_000_000 + 5,
                        SMALL,
                        33,
                        capture.option(1, "a comment".getBytes(StandardCharsets.UTF_8)))
                .enhanced(1, NOON * 1_000_000_000 + 5, Arrays.copyOf(LARGE, 40), LARGE.length)
                .block(4, new byte[100])
                .simple(SMALL, 33)
                .obsolete(1, NOON * 1_000_000_000 + 6, SMALL);

        assertEquals(
                List.of(
                        "1 1700000000000005000 33/33",
                        "101 1700000000000000005 40/9028",
                        "1 - 33/33",
                        "101 1700000000000000006 33/33"),
                read(capture.toArray()));
        assertEquals("null", damage);
    }

    @Test
    void shouldReadSectionAfterSectionEachInItsByteOrderWithInterfacesOfItsOwn() throws Exception {
        byte[] first = in("little")
                .section()
                .interfaceOf(CaptureBytes.ETHERNET, 0)
                .enhanced(0, NOON, SMALL, 33)
                .toArray();
        CaptureBytes big = in("big").section();
        byte[] second = big.interfaceOf(CaptureBytes.RAW, 0, big.resolution(0))
                .enhanced(0, NOON, SMALL, 33)
                .toArray();

        assertEquals(
                List.of("1 1700000000000 33/33", "101 1700000000000000000 33/33"), read(Packets.join(first, second)));
    }

    @Test
    void shouldPassOverBlocksOfAnyLength() throws Exception {
        byte[] capture = CaptureBytes.littleEndian()
                .section()
                .block(0x0bad, new byte[3 * ByteWindow.BYTES])
                .interfaceOf(CaptureBytes.RAW, 0)
                .enhanced(0, NOON, SMALL, 33)
                .toArray();

        assertEquals(List.of("101 1700000000000 33/33"), read(capture));
    }

    @Test
    void shouldReadASimplePacketOnlyAsFarAsItsInterfaceCaptures() throws Exception {
        byte[] capture = CaptureBytes.littleEndian()
                .section()
                .interfaceOf(CaptureBytes.RAW, 30)
                .simple(Arrays.copyOf(SMALL, 30), 33)
                .toArray();

        assertEquals(List.of("101 - 30/33"), read(capture));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1700000000, 1700000000000000000",
        "3, 0, 1700000000001, 1700000000001000000",
        "6, 0, 1700000000000001, 1700000000000001000",
        "9, 0, 1700000000000000001, 1700000000000000001",
        "12, 0, 1700000000000999, 1700000000000",
        "18, 0, 1999999999999999999, 1999999999",
        "0x80, 0, 1700000000, 1700000000000000000",
        "0x81, 0, 3400000001, 1700000000500000000",
        "0x94, 0, 1782579200000001, 1700000000000000953",
        "0xa0, 0, 7301444403200000001, 1700000000000000000",
        "0xa0, 0, 7301444405347483648, 1700000000500000000",
        "6, 1000000000, 700000000000000, 1700000000000000000",
        "6, -1, 1700000000000000, 1699999999000000000",
        "6, -1, 0, -",
        "0, 0, 9223372036, -",
        "0, 0, -1, -",
        "0, 9223372036854775807, 1, -",
        "0xff, 0, 1, -",
        "0x7f, 0, 1, -"
    })
    void shouldTellTimesInEveryUnitThatIsOne(String tsresol, long offset, long units, String expected)
            throws Exception {
        CaptureBytes capture = CaptureBytes.littleEndian().section();
        capture.interfaceOf(CaptureBytes.RAW, 0, capture.resolution(Integer.decode(tsresol)), capture.offset(offset))
                .enhanced(0, units, SMALL, 33);

        assertEquals(List.of("101 " + expected + " 33/33"), read(capture.toArray()));
    }

    @Test
    void shouldUnpackWhatGzipPacked() throws Exception {
        byte[] capture =
                CaptureBytes.littleEndian().pcap(1).packet(NOON, 0, SMALL).toArray();

        assertEquals(List.of("1 1700000000000000000 33/33"), read(gzip(capture)));
        assertEquals("null", damage);
    }

    @Test
    void shouldTellThatACompressedCaptureIsCutShortAndGiveWhatItHas() throws Exception {
        CaptureBytes capture = CaptureBytes.littleEndian().pcap(1);
        for (int i = 0; i < 50_000; i++) {
            capture.packet(NOON, i * 7919L % 1_000_000, SMALL);
        }
        byte[] packed = gzip(capture.toArray());

        int packets = read(Arrays.copyOf(packed, packed.length / 2)).size();

        assertTrue(packets > 10_000 && packets < 50_000, packets + " packets");
        assertEquals("the compressed file is cut short", damage);
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    @Test
    void shouldGiveEveryWholePacketWhereverAFileIsCutShort() throws Exception {
        byte[] classic = CaptureBytes.littleEndian()
                .pcap(1)
                .packet(NOON, 0, SMALL)
                .packet(NOON, 1, SMALL)
                .toArray();
        byte[] newer = CaptureBytes.littleEndian()
                .section()
                .interfaceOf(CaptureBytes.RAW, 0)
                .enhanced(0, NOON, SMALL, 33)
                .enhanced(0, NOON, SMALL, 33)
                .toArray();

        for (int length = 24; length < classic.length; length++) {
            boolean isAtAnEnd = (length - 24) % (16 + SMALL.length) == 0;
            assertEquals(
                    (length - 24) / (16 + SMALL.length),
                    read(Arrays.copyOf(classic, length)).size());
            assertEquals(isAtAnEnd, damage.equals("null"), length + " bytes: " + damage);
        }
        int begin = 28 + 20;
        int block = 32 + 36;
        for (int length = 4; length < newer.length; length++) {
            int whole = Math.max(length - begin, 0) / block;
            assertEquals(whole, read(Arrays.copyOf(newer, length)).size());
            boolean isAtAnEnd = length == 28 || (length >= begin && (length - begin) % block == 0);
            assertEquals(isAtAnEnd, damage.equals("null"), length + " bytes: " + damage);
        }
    }

    @Test
    void shouldSayWhereACaptureIsDamaged() throws Exception {
        CaptureBytes classic = CaptureBytes.littleEndian().pcap(1).packet(NOON, 0, SMALL);
        assertDamaged(
                "a packet that claims 4294967295 bytes at byte 73",
                1,
                Packets.join(classic.toArray(), Packets.hex("00000000 00000000 ffffffff 00000000")));
        assertDamaged(
                "a block of 9 bytes at byte 28", 0, Packets.join(newer(), Packets.hex("06000000 09000000 00000000")));
        assertDamaged("whose two lengths differ", 0, Packets.join(newer(), Packets.hex("06000000 0c000000 10000000")));
        assertDamaged(
                "an interface that is not there",
                0,
                CaptureBytes.littleEndian().section().enhanced(0, 1, SMALL, 33).toArray());
        assertDamaged(
                "without an interface",
                0,
                CaptureBytes.littleEndian().section().simple(SMALL, 33).toArray());
        assertDamaged(
                "an interface that can't be",
                0,
                CaptureBytes.littleEndian().section().block(1, new byte[4]).toArray());
        assertDamaged(
                "longer than its block",
                0,
                CaptureBytes.littleEndian()
                        .section()
                        .interfaceOf(1, 0, Packets.hex("0900 ff00"))
                        .toArray());
        assertDamaged(
                "neither byte order",
                0,
                CaptureBytes.littleEndian().block(0x0a0d0d0a, new byte[16]).toArray());
        byte[] claims = CaptureBytes.littleEndian()
                .section()
                .interfaceOf(1, 0)
                .enhanced(0, 1, SMALL, 33)
                .toArray();
        claims[28 + 20 + 20] = 38;
        assertDamaged("a packet that claims 38 bytes", 0, claims);
    }

    private static byte[] newer() {
        return CaptureBytes.littleEndian().section().toArray();
    }

    private void assertDamaged(String expected, int packets, byte[] capture) throws IOException {
        assertEquals(packets, read(capture).size());
        assertTrue(damage.contains(expected), damage);
    }

    @Test
    void shouldRefuseWhatIsNoCapture() {
        assertEquals("it is empty", refusal(new byte[0]));
        assertEquals("it is no capture: neither pcap nor pcapng begins like this", refusal(new byte[] {1}));
        assertEquals(
                "it is no capture: neither pcap nor pcapng begins like this",
                refusal("#!/bin/sh".getBytes(StandardCharsets.UTF_8)));
        assertEquals("it is cut short: it ends within the header", refusal(Packets.hex("d4c3b2a1 0200")));
        assertTrue(refusal(Packets.hex("d4c3b2a1 0300 0100" + "00".repeat(16)))
                .startsWith("it is of version 3.1 of pcap"));
        assertTrue(refusal(Packets.hex("1f8b 0000")).startsWith("it is compressed, but"));
    }

    @Test
    void shouldRefuseASectionOfAnotherVersion() {
        byte[] capture = newer();
        capture[12] = 2;

        String message =
                assertThrows(CaptureException.class, () -> read(capture)).getMessage();

        assertNotNull(message);
        assertTrue(message.startsWith("it is of version 2.0 of pcapng"), message);
    }

    private String refusal(byte[] bytes) {
        CaptureException refusal = assertThrows(CaptureException.class, () -> read(bytes));
        assertNull(refusal.getCause());
        return String.valueOf(refusal.getMessage());
    }
}
