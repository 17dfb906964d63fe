package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.replay.shaping.Rates.Saturated;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reloads while streams are held back, both ways at once: another rate, more and less, and another class, is in force from that moment on,
 * to a packet. And no byte is lost, as the receivers find.
 */
class RateChangeIT {
    private static final long MBIT = 1_000_000;

    /** Alike for all rates, so that no piece that waits is larger than the next rate's burst. */
    private static final long BURST = 32_000;

    /** By then whoever rested and began with a burst has nothing left of it, the one of 24 Mbit/s held by its class included. */
    private static final long BURST_NS = 100_000_000;

    /** A quarter of it. */
    private static final int PIECE = 8_000;

    /** How long each setting is to last, in ns of what has left by its rate. */
    private static final double SECONDS = 2;

    @TempDir
    Path data;

    /** What is in force for a while, and what each direction is to have by it, in Mbit/s. */
    private record Phase(String trafficClass, int toBackend, int toClient, int hasToBackend, int hasToClient) {
        static Phase rates(int toBackend, int toClient) {
            return new Phase("P3", toBackend, toClient, toBackend, toClient);
        }

        long rate(Direction direction) {
            return MBIT * (direction == Direction.TO_BACKEND ? hasToBackend : hasToClient);
        }
    }

    /** P1 may have 24 Mbit/s, which is more than one rate and less than the other. */
    private static final List<Phase> PHASES = List.of(
            Phase.rates(20, 30),
            Phase.rates(60, 90),
            Phase.rates(8, 12),
            new Phase("P1", 20, 60, 20, 24),
            Phase.rates(20, 60));

    private static String yaml(Phase phase, String listen, String backend) {
        return """
                qos:
                  classes:
                    P1: { ceiling: 24Mbit }
                services:
                  - { name: bulk, listen: "tcp://%s", class: %s, rate: { to-backend: %dMbit, to-client: %dMbit }, burst: %dB, buffer: 256KiB,
                      health: { protocol: none }, backends: [ { id: b, address: "%s" } ] }
                """.formatted(listen, phase.trafficClass(), phase.toBackend(), phase.toClient(), BURST, backend);
    }

    @Test
    void shouldHaveStreamsKeepEachNewRateAndClassAtOnceAndLoseNothing() throws Exception {
        try (CheckedStreams streams = new CheckedStreams()) {
            try (Run run = new Run(data, "shards: 1", yaml(PHASES.getFirst(), "127.0.0.1:0", streams.address()))) {
                String listen = "127.0.0.1:" + run.address("bulk").getPort();
                for (int i = 0; i < 2; i++) {
                    streams.open(run.address("bulk"), Direction.TO_BACKEND);
                    streams.open(run.address("bulk"), Direction.TO_CLIENT);
                }
                for (int i = 0; i < PHASES.size(); i++) {
                    Phase phase = PHASES.get(i);
                    if (i > 0) {
                        run.reload(yaml(phase, listen, streams.address()));
                    }
                    long toBackend =
                            run.leftBytes("to-backend") + (long) (phase.rate(Direction.TO_BACKEND) / 8.0 * SECONDS);
                    long toClient =
                            run.leftBytes("to-client") + (long) (phase.rate(Direction.TO_CLIENT) / 8.0 * SECONDS);
                    run.until("to-backend", toBackend);
                    run.until("to-client", toClient);
                }
                streams.assertAllComes();
            }
        }

        Decided decided = Run.decidedIn(data);
        assertEquals(PHASES.size() - 1, decided.changes().size());
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction);
            assertTrue(packets.stream().allMatch(Packet::hasLeft), "nothing is dropped or left behind");
            for (int i = 0; i < PHASES.size(); i++) {
                long fromNs = from(decided, i);
                // Who had less by its former class, or comes into one that was idle, has a burst once more.
                boolean isMoved = i > 0
                        && !PHASES.get(i)
                                .trafficClass()
                                .equals(PHASES.get(i - 1).trafficClass());
                long steadyNs = isMoved ? fromNs + BURST_NS : fromNs;
                assertKept(PHASES.get(i), direction, packets, fromNs, steadyNs, from(decided, i + 1));
            }
        }
    }

    private static long from(Decided decided, int phase) {
        return phase == 0
                ? Long.MIN_VALUE
                : phase == PHASES.size()
                        ? Long.MAX_VALUE
                        : decided.changes().get(phase - 1).atNs();
    }

    private static void assertKept(
            Phase phase, Direction direction, List<Packet> packets, long fromNs, long steadyNs, long untilNs) {
        long rate = phase.rate(direction);
        Stream<Packet> left = packets.stream().filter(packet -> packet.leftNs() >= fromNs && packet.leftNs() < untilNs);
        long excess = Rates.worstExcess(left, rate);
        // What was there when it began to wait goes on waiting.
        List<Packet> until = packets.stream()
                .map(packet -> packet.leftNs() < untilNs ? packet : packet.leaving(Decided.NEVER))
                .filter(packet -> packet.arrivalNs() < untilNs)
                .toList();
        Saturated waits = Rates.saturated(until, 1, packet -> 0, steadyNs, BURST_NS);
        String told = "%s %s: %+.5f %% over %.2f s in %d times, %d bytes at once"
                .formatted(phase, direction, 100 * (waits.rate() / rate - 1), waits.seconds(), waits.times(), excess);
        System.out.println(told);
        assertTrue(excess <= BURST, told);
        assertTrue(waits.seconds() > 1, told);
        assertEquals(0, waits.offBytes(rate), (double) waits.times() * PIECE, told);
        assertEquals(1, waits.rate() / rate, 0.005, told);
    }
}
