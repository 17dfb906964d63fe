package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConformanceTest {
    private static final long SECOND_NS = 1_000_000_000L;

    /** 1,000 bytes a millisecond: 8 Mbit/s. */
    private static List<WirePacket> steady(int count) {
        List<WirePacket> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packets.add(new WirePacket(7 * SECOND_NS + i * 1_000_000L, 1_042, 1_000));
        }
        return packets;
    }

    @Test
    void shouldFindASteadyRateAndOnePacketAtOnce() {
        Conformance found = Conformance.of(steady(2_000), WirePacket::payloadBytes, 8e6, 0, 10 * SECOND_NS);

        assertEquals(8e6, found.bitsPerSecond(), 1);
        assertEquals(1_000, found.excessBytes(), 1e-3);
    }

    @Test
    void shouldCountWhatTheShaperCounts() {
        Conformance found = Conformance.of(steady(2_000), Shaper.HTB::counted, 8e6, 0, 10 * SECOND_NS);

        assertEquals(8.336e6, found.bitsPerSecond(), 1);
        assertEquals(
                1_042 + 1_999 * 42, found.excessBytes(), 1e-3, "each packet is 42 bytes more than the rate brings");
    }

    @Test
    void shouldFindTheWorstWindowWhereverItIs() {
        List<WirePacket> packets = steady(2_000);
        // 20 packets come as one, 10 ms late.
        for (int i = 1_000; i < 1_020; i++) {
            packets.set(i, new WirePacket(packets.get(1_020).atNs(), 1_042, 1_000));
        }

        Conformance found = Conformance.of(packets, WirePacket::payloadBytes, 8e6, 0, 10 * SECOND_NS);

        assertEquals(21_000, found.excessBytes(), 1e-3);
        assertEquals(8e6, found.bitsPerSecond(), 8e6 * 1e-3);
    }

    @Test
    void shouldNotMistakeWhereAPieceIsCutForARate() {
        List<WirePacket> packets = new ArrayList<>();
        for (int piece = 0; piece < 50; piece++) {
            for (int i = 0; i < 20; i++) {
                packets.add(new WirePacket(piece * 20_000_000L + i, 1_042, 1_000));
            }
        }

        Conformance found = Conformance.of(packets, WirePacket::payloadBytes, 8e6, 0, 10 * SECOND_NS);

        assertEquals(8e6, found.bitsPerSecond(), 8e6 * 1e-3);
        assertEquals(20_000, found.excessBytes(), 1);
    }

    @Test
    void shouldLeaveTheBeginOutOfTheRateAndTheEndOutOfBoth() {
        List<WirePacket> packets = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            packets.add(new WirePacket(7 * SECOND_NS, 1_042, 1_000));
        }
        packets.addAll(steady(1_000));
        for (int i = 0; i < 1_000; i++) {
            packets.add(new WirePacket(9 * SECOND_NS, 1_042, 1_000));
        }

        Conformance found = Conformance.of(packets, WirePacket::payloadBytes, 8e6, SECOND_NS / 10, SECOND_NS);

        assertEquals(8e6, found.bitsPerSecond(), 1);
        assertEquals(101_000, found.excessBytes(), 1);
    }

    @Test
    void shouldSayNothingOfAFewPackets() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> Conformance.of(steady(3), WirePacket::payloadBytes, 8e6, 0, 10 * SECOND_NS));

        assertTrue(refused.getMessage().startsWith("3 packets"), refused.getMessage());
    }
}
