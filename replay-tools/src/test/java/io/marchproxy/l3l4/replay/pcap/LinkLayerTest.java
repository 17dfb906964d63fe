package io.marchproxy.l3l4.replay.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkLayerTest {
    private static final String MACS = "020000000001020000000002";
    private static final String COOKED = "00000001000600000000000100";
    private static final String COOKED_2 = "0000000000010001000406000000000001000000";

    @ParameterizedTest
    @CsvSource({
        "1, " + MACS + "0800, IP 14",
        "1, " + MACS + "86dd, IP 14",
        "1, " + MACS + "8100000a0800, IP 18",
        "1, " + MACS + "88a8000a8100000b86dd, IP 22",
        "1, " + MACS + "9100000a8100000b0800, IP 22",
        "1, " + MACS + "9200000a8100000b8100000c0800, IP 26",
        "1, " + MACS + "0806, OTHER ARP (0x0806)",
        "1, " + MACS + "88cc, OTHER LLDP (0x88cc)",
        "1, " + MACS + "8864, OTHER PPPoE (0x8864)",
        "1, " + MACS + "8847, OTHER MPLS (0x8847)",
        "1, " + MACS + "88e5, OTHER MACsec (0x88e5)",
        "1, " + MACS + "1234, OTHER ethertype 0x1234",
        "1, " + MACS + "0026, OTHER 802.3 without an ethertype",
        "1, " + MACS + "8100000a0806, OTHER ARP (0x0806)",
        "1, " + MACS + "08, CUT cut off before the packet",
        "1, " + MACS + "8100000a08, CUT cut off before the packet",
        "1, " + MACS + "8100, CUT cut off before the packet",
        "12, 45, IP 0",
        "14, 45, IP 0",
        "101, 60, IP 0",
        "228, 45, IP 0",
        "229, 60, IP 0",
        "113, 0000000100060000000000010000" + "0800, IP 16",
        "113, 0000000100060000000000010000" + "8100000a86dd, IP 20",
        "113, 0000000100060000000000010000" + "0806, OTHER ARP (0x0806)",
        "113, " + COOKED + ", CUT cut off before the packet",
        "276, 0800" + "000000000001000104060000000000010000, IP 20",
        "276, 8100" + "000000000001000104060000000000010000" + "000a0800, IP 24",
        "276, " + COOKED_2 + ", OTHER 802.3 without an ethertype",
        "276, 0800, CUT cut off before the packet",
        "0, 02000000, IP 4",
        "0, 00000002, IP 4",
        "0, 1e000000, IP 4",
        "0, 1c000000, IP 4",
        "0, 18000000, IP 4",
        "0, 0a000000, IP 4",
        "108, 00000002, IP 4",
        "108, 00000018, IP 4",
        "108, 00000007, OTHER address family 7",
        "0, 07000000, OTHER address family 7",
        "108, 0000, CUT cut off before the packet",
        "105, 4500, UNKNOWN_LINK link type 105 can't be read"
    })
    void shouldFindThePacketBehind(int linkType, String hex, String expected) {
        byte[] bytes = Packets.hex(hex);
        LinkLayer link = new LinkLayer();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, frame, ValueLayout.JAVA_BYTE, 0, bytes.length);

            LinkLayer.Content content = link.strip(linkType, frame.address(), bytes.length);

            assertEquals(
                    expected,
                    content + " "
                            + (content == LinkLayer.Content.IP ? link.offset() : LinkLayer.what(content, link.type())));
        }
    }
}
