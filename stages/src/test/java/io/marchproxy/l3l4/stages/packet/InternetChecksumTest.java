package io.marchproxy.l3l4.stages.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
    @Test
    void shouldAgreeWithTheExampleOfRfc1071() {
        MemorySegment words = TestPackets.bytes("0001 f203 f4f5 f6f7");

        assertEquals(0xddf2, ~InternetChecksum.of(words.address(), 8) & 0xffff);
    }

    @Test
    void shouldAgreeWithAWordByWordSumAtEveryLength() {
        Random random = new Random(1);
        byte[] content = new byte[1_501];
        random.nextBytes(content);
        MemorySegment memory = TestPackets.bytes(content);
        for (int length = 0; length <= content.length; length++) {
            assertEquals(plain(content, length), InternetChecksum.of(memory.address(), length), "length " + length);
        }
    }

    @Test
    void shouldUpdateToWhatAFullRecomputationGives() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 200_000; i++) {
            byte[] header = new byte[20];
            random.nextBytes(header);
            header[0] = 0x45;
            header[10] = 0;
            header[11] = 0;
            int before = plain(header, 20);
            int word = random.nextInt(10);
            int old = word(header, word);
            int changed = random.nextInt(4) == 0 ? ~old & 0xffff : random.nextInt(0x10000);
            if (word == 5 || word == 0) {
                continue;
            }
            header[2 * word] = (byte) (changed >> 8);
            header[2 * word + 1] = (byte) changed;

            assertEquals(
                    plain(header, 20), InternetChecksum.update(before, old, changed), "seed " + seed + " case " + i);
        }
    }

    @Test
    void shouldNotTurnOutTheOtherZeroAsRfc1624Shows() {
        assertEquals(0x0000, InternetChecksum.update(0xdd2f, 0x5555, 0x3285));
    }

    @Test
    void shouldCoverThePseudoHeader() {
        MemorySegment packet =
                TestPackets.bytes("45000021 00010000 40110000 0a000001 0a000002" + "3039 0035 000d 0000 68656c6c6f");
        IpPacket ip = new IpPacket();
        assertEquals(ParseResult.OK, ip.parse(packet.address(), 33));

        long sum = InternetChecksum.pseudoHeaderSum(ip, 13) + InternetChecksum.sum(packet.address() + 20, 13);

        int byHand = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 13 + 0x3039 + 0x0035 + 13 + 0x6865 + 0x6c6c + 0x6f00;
        assertEquals(~((byHand & 0xffff) + (byHand >> 16)) & 0xffff, InternetChecksum.finish(sum));
    }

    private static int plain(byte[] content, int length) {
        int sum = 0;
        for (int i = 0; i < length; i += 2) {
            int low = i + 1 < length ? content[i + 1] & 0xff : 0;
            sum += ((content[i] & 0xff) << 8) + low;
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return ~sum & 0xffff;
    }

    private static int word(byte[] content, int index) {
        return ((content[2 * index] & 0xff) << 8) | (content[2 * index + 1] & 0xff);
    }
}
