package io.marchproxy.l3l4.stages.mark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.InternetChecksum;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Ipv4View;
import io.marchproxy.l3l4.stages.packet.Ipv6View;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.ParseResult;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeaderRewriteTest {
    private final IpPacket packet = new IpPacket();

    @Test
    void shouldKeepIpv4ChecksumsAsAFullRecomputationGivesThem() {
        long seed = 3;
        Random random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            int optionWords = random.nextInt(11);
            byte[] bytes = new byte[20 + 4 * optionWords];
            random.nextBytes(bytes);
            bytes[0] = (byte) (0x45 + optionWords);
            MemorySegment memory = TestPackets.bytes(bytes);
            long header = memory.address();
            Memory.putShortBe(header + Ipv4View.CHECKSUM, (short) 0);
            Memory.putShortBe(header + Ipv4View.CHECKSUM, (short) InternetChecksum.of(header, bytes.length));

            change(random, header);

            Ipv4View view = new Ipv4View().wrap(header);
            int kept = view.checksum();
            Memory.putShortBe(header + Ipv4View.CHECKSUM, (short) 0);
            assertEquals(InternetChecksum.of(header, bytes.length), kept, "seed " + seed + " case " + i);
        }
    }

    private static void change(Random random, long header) {
        switch (random.nextInt(4)) {
            case 0 -> HeaderRewrite.setDscp(header, random.nextInt(64));
            case 1 -> HeaderRewrite.setEcn(header, random.nextInt(4));
            case 2 -> HeaderRewrite.decrementTtl(header);
            default -> HeaderRewrite.markCongestion(header);
        }
    }

    @Test
    void shouldChangeTheCodePointOfIpv4AndNothingElse() {
        MemorySegment memory = TestPackets.bytes("4501 0021 0001 0000 4011 66c8 0a000001 0a000002");

        HeaderRewrite.setDscp(memory.address(), 46);

        assertEquals("45b900210001000040116610" + "0a0000010a000002", TestPackets.hex(memory.address(), 20));
        assertTrue(new Ipv4View().wrap(memory.address()).hasRightChecksum());
    }

    @Test
    void shouldNotHideAWrongChecksum() {
        MemorySegment memory = TestPackets.bytes("4500 0021 0001 0000 4011 1111 0a000001 0a000002");

        HeaderRewrite.decrementTtl(memory.address());

        assertFalse(new Ipv4View().wrap(memory.address()).hasRightChecksum());
    }

    @Test
    void shouldChangeTheFieldsOfIpv6AndNothingElse() {
        String addresses = "20010db800000000000000000000000120010db8000000000000000000000002";
        MemorySegment memory = TestPackets.bytes("6ff12345" + "00003b40" + addresses);
        long header = memory.address();

        HeaderRewrite.setDscp(header, 10);
        HeaderRewrite.setEcn(header, 1);
        assertTrue(HeaderRewrite.decrementTtl(header));

        assertEquals("62912345" + "00003b3f" + addresses, TestPackets.hex(header, 40));
        assertEquals(ParseResult.OK, packet.parse(header, 40));
        Ipv6View view = packet.ipv6();
        assertEquals(10, view.dscp());
        assertEquals(1, view.ecn());
        assertEquals(63, view.hopLimit());
    }

    @Test
    void shouldStopPacketsWhoseTimeToLiveIsUsedUp() {
        for (String hex : new String[] {"4500 0014 0001 0000 0111 0000 0a000001 0a000002", "60000000 00003b00"}) {
            MemorySegment memory = TestPackets.bytes(hex);
            int length = hex.replace(" ", "").length() / 2;
            String before = TestPackets.hex(memory.address(), length);

            assertFalse(HeaderRewrite.decrementTtl(memory.address()));
            assertEquals(before, TestPackets.hex(memory.address(), length));
        }
    }

    @Test
    void shouldMarkCongestionOnlyForEndsThatUseEcn() {
        MemorySegment capable = TestPackets.bytes("4502 0014 0001 0000 4011 0000 0a000001 0a000002");
        MemorySegment incapable = TestPackets.bytes("4500 0014 0001 0000 4011 0000 0a000001 0a000002");

        assertTrue(HeaderRewrite.markCongestion(capable.address()));
        assertFalse(HeaderRewrite.markCongestion(incapable.address()));

        assertEquals(3, new Ipv4View().wrap(capable.address()).ecn());
        assertEquals(0, new Ipv4View().wrap(incapable.address()).ecn());
    }
}
