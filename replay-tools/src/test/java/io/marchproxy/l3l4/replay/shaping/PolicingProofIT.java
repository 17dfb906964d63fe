package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.status.StatusReport.PoliceLine;
import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rules that police, held against real datagrams and streams that are far too many: the color of each is what the RFC's words make of the
 * recorded arrivals, what conforms keeps to burst + rate × t in every window and has the rate in the long run, and the counters
 * say the same. {@code verify} goes through each recording without a difference. What is on the wire,
 * {@code PolicingOnTheWireIT} looks at.
 */
class PolicingProofIT {
    private static final long MBIT = 1_000_000;
    private static final long RATE = 2 * MBIT;
    private static final long PEAK = 4 * MBIT;
    private static final long BURST = 64_000;
    private static final int DATAGRAM = 1_000;
    private static final int CONFORMS = 34;
    private static final int EXCEEDS = 38;
    private static final List<String> COLORS = List.of("conform", "exceed", "violate");

    @TempDir
    Path data;

    @ParameterizedTest
    @CsvSource({
        // RFC 2697: rate, burst and excess burst
        "'excess-burst: 16KB', 0, 16000",
        // RFC 2698: two rates, each with a burst
        "'peak-rate: 4Mbit, peak-burst: 80KB', 4000000, 80000"
    })
    void shouldColorEachDatagramAsTheRfcSaysAndHoldTheRate(String other, long peakRate, long otherBurst)
            throws Exception {
        List<PoliceLine> counted;
        try (Run run = new Run(data, "shards: 1", """
                qos:
                  rules:
                    - match: { service: all }
                      class: P1
                      police: { rate: 2Mbit, burst: 64KB, %s, exceed: remark AF43, violate: drop }
                services:
                  - { name: all, listen: "udp://127.0.0.1:0", backends: [ { address: "ECHO" } ] }
                """.formatted(other))) {
            run.sends("all", "127.0.1.1", DATAGRAM, 2.0 * PEAK);
            run.sends("all", "127.0.1.2", 300, (double) RATE);
            // What comes back is policed again, and hardly violates: it has been.
            run.untilPoliced("to-backend", "conform", BURST + RATE / 8 * 2);
            run.untilPoliced("to-backend", "violate", RATE / 8);
            counted = run.policed();
            assertTrue(counted.size() >= 5, counted::toString);
        }

        Decided decided = Run.decidedIn(data);
        for (Direction direction : Direction.values()) {
            List<Packet> packets = inOrder(decided, direction);
            ReferenceMeter meter = new ReferenceMeter(RATE, BURST, peakRate, otherBurst);
            assertColors(packets, meter);
            long excess = Rates.worstExcess(packets.stream().filter(one -> color(one) == 0), RATE);
            assertTrue(excess <= BURST, excess + " bytes conformed at once");
            if (peakRate != 0) {
                excess = Rates.worstExcess(packets.stream().filter(Packet::hasLeft), peakRate);
                assertTrue(excess <= otherBurst, excess + " bytes at once at the peak rate");
            }
            assertCounted(counted, packets, direction);
        }
        List<Packet> sent = inOrder(decided, Direction.TO_BACKEND);
        ReferenceMeter meter = new ReferenceMeter(RATE, BURST, peakRate, otherBurst);
        // By two rates a packet that violates says nothing of the bucket of the lower.
        assertLongRun(
                sent,
                meter,
                one -> color(one) == 1 || (color(one) == 2 && peakRate == 0),
                1,
                RATE,
                meter::idleSeconds,
                DATAGRAM);
        if (peakRate != 0) {
            ReferenceMeter peak = new ReferenceMeter(RATE, BURST, peakRate, otherBurst);
            assertLongRun(sent, peak, one -> color(one) == 2, 2, PEAK, peak::peakIdleSeconds, DATAGRAM);
        }
    }

    /** Streams are metered read by read, and marked; not one byte of theirs is dropped. */
    @Test
    void shouldColorWhatIsReadOfStreams() throws Exception {
        int largest = 16 << 10;
        long burst = 64_000;
        List<PoliceLine> counted;
        try (Run run = new Run(data, "shards: 1", """
                qos:
                  rules:
                    - match: { service: bulk }
                      class: P1
                      police: { rate: 20Mbit, burst: 64KB, exceed: remark AF43 }
                services:
                  - { name: bulk, listen: "tcp://127.0.0.1:0", buffer: 16KiB, backends: [ { address: "TCP" } ] }
                """)) {
            for (Direction direction : Direction.values()) {
                run.pours("bulk", direction);
                run.pours("bulk", direction);
                run.untilPoliced(label(direction), "conform", burst + 20 * MBIT / 8 * 3 / 2);
            }
            counted = run.policed();
        }

        Decided decided = Run.decidedIn(data);
        for (Direction direction : Direction.values()) {
            List<Packet> packets = inOrder(decided, direction);
            assertColors(packets, new ReferenceMeter(20 * MBIT, burst, 0, 0));
            assertTrue(packets.stream().allMatch(one -> !one.isDropped() && one.bytes() <= largest));
            assertCounted(counted, packets, direction);
            ReferenceMeter meter = new ReferenceMeter(20 * MBIT, burst, 0, 0);
            assertLongRun(packets, meter, one -> color(one) == 1, 1, 20 * MBIT, meter::idleSeconds, largest);
        }
    }

    private static List<Packet> inOrder(Decided decided, Direction direction) {
        List<Packet> packets = new ArrayList<>(decided.packets(direction));
        packets.sort(Comparator.comparingInt(Packet::number));
        return packets;
    }

    /** By what became of it: it was dropped, or leaves with a code point. */
    private static int color(Packet packet) {
        assertTrue(packet.isDropped() || packet.dscp() == CONFORMS || packet.dscp() == EXCEEDS, packet::toString);
        return packet.isDropped() ? 2 : packet.dscp() == CONFORMS ? 0 : 1;
    }

    private static void assertColors(List<Packet> packets, ReferenceMeter meter) {
        for (Packet packet : packets) {
            assertEquals(meter.color(packet.bytes(), packet.arrivalNs()), color(packet), packet::toString);
        }
    }

    /**
     * From the first packet that found too few tokens to the last, the bucket was next to empty at both ends: so what it let pass between is
     * what the rate brought, but for what that brought while the bucket was full.
     *
     * @param meter a new one, which goes over all packets
     * @param foundTooFew tells which packets those are
     * @param worse the first color that takes no tokens of it
     * @param idleSeconds of the meter's rate
     * @param largest packet
     */
    private static void assertLongRun(
            List<Packet> packets,
            ReferenceMeter meter,
            Predicate<Packet> foundTooFew,
            int worse,
            long rate,
            DoubleSupplier idleSeconds,
            int largest) {
        long firstNs = Long.MIN_VALUE;
        double idleBefore = 0;
        double seconds = 0;
        long since = 0;
        long bytes = 0;
        for (Packet packet : packets) {
            meter.color(packet.bytes(), packet.arrivalNs());
            since += color(packet) < worse ? packet.bytes() : 0;
            if (foundTooFew.test(packet)) {
                if (firstNs == Long.MIN_VALUE) {
                    firstNs = packet.arrivalNs();
                    idleBefore = idleSeconds.getAsDouble();
                    since = 0;
                }
                seconds = (packet.arrivalNs() - firstNs) * 1e-9 - (idleSeconds.getAsDouble() - idleBefore);
                bytes = since;
            }
        }
        double part = bytes * 8 / seconds / rate;
        System.out.printf("%d bit/s: %.5f of it over %.2f s without pauses%n", rate, part, seconds);
        assertTrue(seconds > 1, seconds + " s");
        assertEquals(1, part, 0.005 + largest * 8 / seconds / rate);
    }

    private static void assertCounted(List<PoliceLine> counted, List<Packet> packets, Direction direction) {
        Map<String, long[]> recorded = new TreeMap<>();
        for (Packet packet : packets) {
            long[] sums = recorded.computeIfAbsent(COLORS.get(color(packet)), none -> new long[2]);
            sums[0] += packet.packets();
            sums[1] += packet.bytes();
        }
        for (PoliceLine line : counted) {
            if (line.direction().equals(label(direction))) {
                // They were read while it ran: some came since, but none was counted that did not come.
                long[] sums = recorded.get(line.color());
                assertTrue(line.packets() <= sums[0] && line.bytes() <= sums[1], line + " of " + sums[0]);
            }
        }
    }

    private static String label(Direction direction) {
        return direction == Direction.TO_BACKEND ? "to-backend" : "to-client";
    }
}
