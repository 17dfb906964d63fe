package io.marchproxy.l3l4.stages.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpPacketFuzzTest {
    private static final int ROOM = 512;
    private static final int[] INTERESTING_HEADERS = {0, 6, 17, 43, 44, 50, 51, 58, 59, 60};

    /** What stands behind the captured bytes must not show: a parser that reads on gives different answers. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldNeverReadPastTheEndNorThrow(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        MemorySegment first = Arena.ofAuto().allocate(ROOM);
        MemorySegment second = Arena.ofAuto().allocate(ROOM);
        IpPacket one = new IpPacket();
        IpPacket other = new IpPacket();
        int readable = 0;
        for (int i = 0; i < 300_000; i++) {
            int captured = random.nextInt(160);
            byte[] content = randomPacket(random, captured);
            write(first, content, (byte) 0x00);
            write(second, content, (byte) 0xff);

            ParseResult result = one.parse(first.address(), captured);

            assertEquals(result, other.parse(second.address(), captured), "case " + i);
            if (result.isReadable()) {
                readable++;
                assertEquals(fields(one), fields(other), "case " + i);
                assertBounds(one, captured, result, i);
            }
        }
        assertTrue(readable > 1_000, "the generator makes too few good packets: " + readable);
    }

    private static void assertBounds(IpPacket packet, int captured, ParseResult result, int i) {
        assertTrue(packet.transportOffset() <= Math.min(captured, packet.totalBytes()), "case " + i);
        assertTrue(packet.payloadOffset() <= Math.min(captured, packet.totalBytes()), "case " + i);
        assertTrue(packet.payloadBytes() >= 0, "case " + i);
        assertTrue(packet.payloadOffset() + packet.payloadBytes() <= packet.totalBytes(), "case " + i);
        assertEquals(packet.totalBytes() > captured, result == ParseResult.SNAPPED, "case " + i);
    }

    private static String fields(IpPacket packet) {
        return packet.version() + " " + packet.protocol() + " " + packet.totalBytes() + " " + packet.transportOffset()
                + " " + packet.payloadOffset() + " " + packet.payloadBytes() + " " + packet.isFragment() + " "
                + packet.fragmentOffsetBytes() + " " + packet.sourcePort() + " " + packet.destinationPort();
    }

    /** Random bytes with a header that is nearly right, so that most cases get past the first checks. */
    private static byte[] randomPacket(Random random, int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        if (length < 8 || random.nextInt(10) == 0) {
            return content;
        }
        boolean v4 = random.nextBoolean();
        int claimed = Math.max(0, length - (v4 ? 0 : 40) + (random.nextInt(4) == 0 ? random.nextInt(9) - 4 : 0));
        if (v4) {
            content[0] = (byte) (0x40 | (random.nextInt(4) == 0 ? random.nextInt(16) : 5));
            put16(content, 2, claimed);
            put16(content, 6, random.nextInt(4) == 0 ? random.nextInt(0x4000) : 0);
            if (length > 9) {
                content[9] = interesting(random);
            }
        } else {
            content[0] = (byte) 0x60;
            put16(content, 4, claimed);
            content[6] = interesting(random);
            for (int i = 40; i + 1 < length; i += 8) {
                content[i] = interesting(random);
                content[i + 1] = (byte) random.nextInt(3);
            }
        }
        return content;
    }

    private static byte interesting(Random random) {
        return (byte) INTERESTING_HEADERS[random.nextInt(INTERESTING_HEADERS.length)];
    }

    private static void put16(byte[] content, int offset, int value) {
        content[offset] = (byte) (value >> 8);
        content[offset + 1] = (byte) value;
    }

    private static void write(MemorySegment memory, byte[] content, byte rest) {
        byte[] all = Arrays.copyOf(content, ROOM);
        Arrays.fill(all, content.length, ROOM, rest);
        MemorySegment.copy(all, 0, memory, ValueLayout.JAVA_BYTE, 0, ROOM);
    }
}
