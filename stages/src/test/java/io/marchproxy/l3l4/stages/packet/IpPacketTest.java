package io.marchproxy.l3l4.stages.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A description, a packet in, what was found in it out. */
class IpPacketTest {
    private static final String V4_ADDRESSES = " 0a000001 0a000002 ";
    private static final String V6_ADDRESSES = " 20010db8000000000000000000000001 20010db8000000000000000000000002 ";
    private static final String UDP_5 = " 3039 0035 000d 0000 68656c6c6f ";
    private static final String TCP_0 = " c350 0050 00000001 00000002 5010 ffff 0000 0000 ";
    private static final String UDP_FOUND = "17 12345>53 ";

    private final IpPacket packet = new IpPacket();

    static Stream<Arguments> packets() {
        return Stream.of(
                in(
                        "IPv4 UDP",
                        "4500 0021 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5,
                        "OK " + UDP_FOUND + "at 20, 5 from 28"),
                in(
                        "IPv4 UDP with Ethernet padding behind it",
                        "4500 0021 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5 + "0000 0000 0000",
                        "OK " + UDP_FOUND + "at 20, 5 from 28"),
                in(
                        "IPv4 with 4 bytes of options",
                        "4600 0025 0001 0000 4011 0000" + V4_ADDRESSES + "01010101" + UDP_5,
                        "OK " + UDP_FOUND + "at 24, 5 from 32"),
                in(
                        "IPv4 TCP with 4 bytes of options and none of data",
                        "4500 002c 0001 0000 4006 0000" + V4_ADDRESSES
                                + "c350 0050 00000001 00000002 6002 ffff 0000 0000 020405b4",
                        "OK 6 50000>80 at 20, 0 from 44"),
                in(
                        "IPv4 ICMP has no ports",
                        "4500 0018 0001 0000 4001 0000" + V4_ADDRESSES + "0800 0000",
                        "OK 1 0>0 at 20, 4 from 20"),
                in(
                        "IPv4 first fragment has ports, and carries less than UDP's length says",
                        "4500 0024 0001 2000 4011 0000" + V4_ADDRESSES + "3039 0035 0100 0000 0102030405060708",
                        "OK " + UDP_FOUND + "at 20, 8 from 28, fragment 0"),
                in(
                        "IPv4 later fragment has none",
                        "4500 001c 0001 0002 4011 0000" + V4_ADDRESSES + "3039 0035 000d 0000",
                        "OK 17 0>0 at 20, 8 from 20, fragment 16"),
                in(
                        "IPv4 captured in part, headers whole",
                        "4500 0100 0001 0000 4011 0000" + V4_ADDRESSES + "3039 0035 00ec 0000 68",
                        "SNAPPED " + UDP_FOUND + "at 20, 228 from 28"),
                in("IPv6 UDP", "6000 0000 000d 11 40" + V6_ADDRESSES + UDP_5, "OK " + UDP_FOUND + "at 40, 5 from 48"),
                in("IPv6 TCP", "6000 0000 0014 06 40" + V6_ADDRESSES + TCP_0, "OK 6 50000>80 at 40, 0 from 60"),
                in(
                        "IPv6 with hop-by-hop, destination options, routing and authentication before UDP",
                        "6000 0000 0035 00 40" + V6_ADDRESSES + "3c00 010400000000" + "2b00 010400000000"
                                + "3300 000000000000" + "1102 0000 00000000 00000000 00000000" + UDP_5,
                        "OK " + UDP_FOUND + "at 80, 5 from 88"),
                in(
                        "IPv6 first fragment",
                        "6000 0000 0018 2c 40" + V6_ADDRESSES + "1100 0001 00000007"
                                + "3039 0035 0100 0000 0102030405060708",
                        "OK " + UDP_FOUND + "at 48, 8 from 56, fragment 0"),
                in(
                        "IPv6 later fragment",
                        "6000 0000 000c 2c 40" + V6_ADDRESSES + "1100 0010 00000007" + "01020304",
                        "OK 17 0>0 at 48, 4 from 48, fragment 16"),
                in(
                        "IPv6 fragment header of a packet that is whole (RFC 6946)",
                        "6000 0000 0015 2c 40" + V6_ADDRESSES + "1100 0000 00000007" + UDP_5,
                        "OK " + UDP_FOUND + "at 48, 5 from 56"),
                in("IPv6 with no next header", "6000 0000 0000 3b 40" + V6_ADDRESSES, "OK 59 0>0 at 40, 0 from 40"));
    }

    static Stream<Arguments> brokenPackets() {
        return Stream.of(
                in("nothing at all", "", "TOO_SHORT"),
                in("version 5", "5500 0021", "BAD_VERSION"),
                in("IPv4 cut within its header", "4500 0021 0001 0000 4011 0000 0a000001 0a0000", "TOO_SHORT"),
                in("IPv4 cut within its options", "4f00 0040 0001 0000 4011 0000" + V4_ADDRESSES + "01", "TOO_SHORT"),
                in(
                        "IPv4 whose header says 16 bytes",
                        "4400 0021 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5,
                        "BAD_HEADER_LENGTH"),
                in(
                        "IPv4 shorter than its header",
                        "4500 0013 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5,
                        "BAD_TOTAL_LENGTH"),
                in("IPv4 of length 0", "4500 0000 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5, "BAD_TOTAL_LENGTH"),
                in(
                        "IPv4 fragment of 13 bytes with more to come",
                        "4500 0021 0001 2000 4011 0000" + V4_ADDRESSES + UDP_5,
                        "BAD_FRAGMENT"),
                in(
                        "IPv4 fragment past 65,535 bytes",
                        "4500 0021 0001 1fff 4011 0000" + V4_ADDRESSES + UDP_5,
                        "BAD_FRAGMENT"),
                in(
                        "UDP cut within its header",
                        "4500 0021 0001 0000 4011 0000" + V4_ADDRESSES + "3039 0035 000d",
                        "TOO_SHORT"),
                in(
                        "UDP header past the packet's end",
                        "4500 001a 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5,
                        "BAD_TRANSPORT"),
                in(
                        "UDP length of 7",
                        "4500 0021 0001 0000 4011 0000" + V4_ADDRESSES + "3039 0035 0007 0000 68656c6c6f",
                        "BAD_TRANSPORT"),
                in(
                        "UDP longer than its packet",
                        "4500 0021 0001 0000 4011 0000" + V4_ADDRESSES + "3039 0035 000e 0000 68656c6c6f",
                        "BAD_TRANSPORT"),
                in(
                        "TCP header of 16 bytes",
                        "4500 0028 0001 0000 4006 0000" + V4_ADDRESSES
                                + "c350 0050 00000001 00000002 4010 ffff 0000 0000",
                        "BAD_TRANSPORT"),
                in(
                        "TCP options past the packet's end",
                        "4500 0028 0001 0000 4006 0000" + V4_ADDRESSES
                                + "c350 0050 00000001 00000002 6010 ffff 0000 0000",
                        "BAD_TRANSPORT"),
                in(
                        "TCP options not captured",
                        "4500 002c 0001 0000 4006 0000" + V4_ADDRESSES
                                + "c350 0050 00000001 00000002 6010 ffff 0000 0000",
                        "TOO_SHORT"),
                in(
                        "TCP first fragment too small for its header",
                        "4500 0024 0001 2000 4006 0000" + V4_ADDRESSES + "c350 0050 00000001 00000002 5010 ffff",
                        "BAD_TRANSPORT"),
                in("IPv6 cut within its header", "6000 0000 000d 11 40 2001", "TOO_SHORT"),
                in(
                        "IPv6 extension past the packet's end",
                        "6000 0000 0008 00 40" + V6_ADDRESSES + "1101 010400000000",
                        "BAD_EXTENSION"),
                in("IPv6 extension without room", "6000 0000 0004 00 40" + V6_ADDRESSES + "1100 0104", "BAD_EXTENSION"),
                in("IPv6 extension not captured", "6000 0000 0015 00 40" + V6_ADDRESSES + "1100", "TOO_SHORT"),
                in(
                        "IPv6 long extension not captured",
                        "6000 0000 0025 00 40" + V6_ADDRESSES + "1102 010400000000",
                        "TOO_SHORT"),
                in(
                        "IPv6 hop-by-hop that is not first",
                        "6000 0000 001d 3c 40" + V6_ADDRESSES + "0000 010400000000" + "1100 010400000000" + UDP_5,
                        "BAD_EXTENSION"),
                in(
                        "IPv6 with nine extensions",
                        "6000 0000 0055 3c 40" + V6_ADDRESSES + "3c00 010400000000".repeat(8) + "1100 010400000000"
                                + UDP_5,
                        "BAD_EXTENSION"),
                in(
                        "IPv6 fragment of 13 bytes with more to come",
                        "6000 0000 0015 2c 40" + V6_ADDRESSES + "1100 0001 00000007" + UDP_5,
                        "BAD_FRAGMENT"));
    }

    private static Arguments in(String description, String hex, String out) {
        return Arguments.of(description, hex, out);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("packets")
    void shouldFindItsWayThrough(String description, String hex, String expected) {
        assertEquals(expected, found(hex), description);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenPackets")
    void shouldSayWhatIsWrongWith(String description, String hex, String expected) {
        MemorySegment memory = TestPackets.bytes(hex);

        assertEquals(expected, packet.parse(memory.address(), length(hex)).toString(), description);
    }

    private String found(String hex) {
        MemorySegment memory = TestPackets.bytes(hex);
        ParseResult result = packet.parse(memory.address(), length(hex));
        String fragment = packet.isFragment() ? ", fragment " + packet.fragmentOffsetBytes() : "";
        return result + " " + packet.protocol() + " " + packet.sourcePort() + ">" + packet.destinationPort() + " at "
                + packet.transportOffset() + ", " + packet.payloadBytes() + " from " + packet.payloadOffset()
                + fragment;
    }

    private static int length(String hex) {
        return hex.replaceAll("\\s", "").length() / 2;
    }

    @Test
    void shouldShowEveryFieldOfAnIpv4Header() {
        MemorySegment memory = TestPackets.bytes("45b9 002d 1234 4000 4006 0000" + V4_ADDRESSES + TCP_0 + "68656c6c6f");
        assertEquals(ParseResult.OK, packet.parse(memory.address(), 45));

        Ipv4View header = packet.ipv4();
        assertEquals(20, header.headerBytes());
        assertEquals(46, header.dscp());
        assertEquals(1, header.ecn());
        assertEquals(45, header.totalBytes());
        assertEquals(0x1234, header.identification());
        assertTrue(header.dontFragment());
        assertEquals(0, header.fragmentOffsetBytes());
        assertEquals(64, header.ttl());
        assertEquals(6, header.protocol());
        assertEquals(0, header.checksum());
        assertEquals(TestPackets.ipv4(10, 0, 0, 1), header.source());
        assertEquals(TestPackets.ipv4(10, 0, 0, 2), header.destination());
        TcpView tcp = packet.tcp();
        assertEquals(1, tcp.sequence());
        assertEquals(2, tcp.acknowledgment());
        assertEquals(TcpView.ACK, tcp.flags());
        assertEquals(0xffff, tcp.window());
        assertEquals(0, tcp.checksum());
        assertEquals(5, packet.payloadBytes());
    }

    @Test
    void shouldCheckAnIpv4HeadersChecksum() {
        MemorySegment memory = TestPackets.bytes("4500 0021 0001 0000 4011 66c9" + V4_ADDRESSES + UDP_5);
        assertEquals(ParseResult.OK, packet.parse(memory.address(), 33));
        assertTrue(packet.ipv4().hasRightChecksum());
    }

    @Test
    void shouldShowEveryFieldOfAnIpv6Header() {
        MemorySegment memory = TestPackets.bytes("6ba1 2345 000d 11 3f" + V6_ADDRESSES + UDP_5);
        assertEquals(ParseResult.OK, packet.parse(memory.address(), 53));

        Ipv6View header = packet.ipv6();
        assertEquals(46, header.dscp());
        assertEquals(2, header.ecn());
        assertEquals(0x12345, header.flowLabel());
        assertEquals(13, header.payloadBytes());
        assertEquals(17, header.nextHeader());
        assertEquals(63, header.hopLimit());
        assertEquals(0x20010db800000000L, header.sourceHigh());
        assertEquals(1, header.sourceLow());
        assertEquals(0x20010db800000000L, header.destinationHigh());
        assertEquals(2, header.destinationLow());
        assertEquals(13, packet.udp().lengthBytes());
        assertEquals(0, packet.udp().checksum());
    }

    @Test
    void shouldDescribeAPacketOfEitherVersion() {
        PacketDescriptor descriptor = TestPackets.descriptor();
        MemorySegment v4 = TestPackets.bytes("45ba 0021 0001 0000 4011 0000" + V4_ADDRESSES + UDP_5 + "0000");
        descriptor.reset(EventKind.DATA, 1);
        packet.parse(v4.address(), 35);
        packet.describe(descriptor);
        assertEquals("4 17 0:a000001:12345 0:a000002:53 46 2 33", summary(descriptor));
        assertEquals(v4.address(), descriptor.payloadAddress());

        MemorySegment v6 = TestPackets.bytes("6bb0 0000 000d 11 40" + V6_ADDRESSES + UDP_5);
        descriptor.reset(EventKind.DATA, 1);
        packet.parse(v6.address(), 53);
        packet.describe(descriptor);
        assertEquals("6 17 20010db800000000:1:12345 20010db800000000:2:53 46 3 53", summary(descriptor));
    }

    private static String summary(PacketDescriptor d) {
        return d.ipVersion() + " " + d.protocol() + " " + Long.toHexString(d.sourceHigh()) + ":"
                + Long.toHexString(d.sourceLow()) + ":" + d.sourcePort() + " " + Long.toHexString(d.destinationHigh())
                + ":" + Long.toHexString(d.destinationLow()) + ":" + d.destinationPort() + " " + d.ingressDscp() + " "
                + d.ingressEcn() + " " + d.lengthBytes();
    }
}
