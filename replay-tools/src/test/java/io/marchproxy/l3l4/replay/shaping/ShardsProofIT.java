package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.replay.shaping.Decided.Share;
import io.marchproxy.l3l4.replay.shaping.Rates.Saturated;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * That what is promised holds over all shards together, by real sockets: what was decided, packet by packet, from the run's recording
 * ({@link ShapingProofIT}).
 */
class ShardsProofIT {
    private static final long MBIT = 1_000_000;
    private static final int DATAGRAM = 1_000;

    /** By then nobody who began with a burst has anything left of it. */
    private static final long BURST_NS = 100_000_000;

    /** So many flows for each shard: none of four remains without one in 25 million runs. */
    private static final int SPREAD = 16;

    /** What the shards have of a rate together; all of it, but for what a machine is late by when shares move. */
    private static final double LEAST_GRANTED = 0.9;

    /** A piece of a stream is a quarter of the burst, but this where that is less. */
    private static final int LEAST_PIECE = 2 << 10;

    @TempDir
    Path data;

    /** Towards backends datagrams, towards clients streams. */
    @ParameterizedTest
    @CsvSource({
        "1, TO_BACKEND, false",
        "2, TO_BACKEND, false",
        "2, TO_BACKEND, true",
        "4, TO_BACKEND, false",
        "4, TO_BACKEND, true",
        "1, TO_CLIENT, false",
        "2, TO_CLIENT, false",
        "2, TO_CLIENT, true",
        "4, TO_CLIENT, false",
        "4, TO_CLIENT, true"
    })
    void shouldHoldAServiceToItsRateOverAllShards(int shards, Direction direction, boolean onOne) throws Exception {
        long rate = 20 * MBIT;
        long burst = 64_000;
        int clients = onOne ? 1 : SPREAD * shards;
        boolean isUdp = direction == Direction.TO_BACKEND;
        String yaml = """
                services:
                  - { name: all, listen: "%s://127.0.0.1:0", rate: 20Mbit, burst: 64KB, backends: [ { address: "%s" } ] }
                """.formatted(isUdp ? "udp" : "tcp", isUdp ? "UDP" : "TCP");

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "mode: run-to-completion, shards: " + shards, yaml)) {
                        ask(run, "all", "127.0.1.", clients, direction, 2.0 * rate);
                        run.until(Run.name(direction), times * rate / 8 * 2);
                    }
                },
                of -> {
                    List<Packet> packets = of.packets(direction);
                    long settledNs = settledNs(of, direction, onOne && shards > 1);
                    return Rates.saturated(packets, 1, packet -> 0, settledNs, 0)
                                            .seconds()
                                    > 0.5
                            && of.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs(packets))
                                    > LEAST_GRANTED;
                });

        List<Packet> packets = decided.packets(direction);
        assertEquals(
                onOne ? 1 : shards,
                packets.stream().map(Packet::shard).distinct().count());
        // A shard's part of the burst may be less than a packet, which it lets pass all the same.
        Rates.assertWithin(Decided.left(packets), rate, burst + (shards - 1) * (long) (isUdp ? DATAGRAM : LEAST_PIECE));
        long settledNs = settledNs(decided, direction, onOne && shards > 1);
        Saturated whole = Rates.saturated(packets, 1, packet -> 0, settledNs, 0);
        assertTrue(whole.seconds() > 0.5, whole::toString);
        double granted = decided.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs(packets));
        System.out.printf(
                "%d shards, %s, %s: settled after %d ms, then %.4f of the rate, of which they had %.4f, over %.2f s%n",
                shards,
                Run.name(direction),
                onOne ? "all on one" : "spread",
                (settledNs - packets.getFirst().leftNs()) / 1_000_000,
                whole.rate() / rate,
                granted,
                whole.seconds());
        if (shards == 1) {
            Rates.assertRate(whole, rate, isUdp ? DATAGRAM : burst / 4);
        }
        assertTrue(granted > LEAST_GRANTED, granted + " of the rate");
        assertEquals(granted, whole.rate() / rate, 0.02);
    }

    private static long endedNs(List<Packet> packets) {
        return Decided.left(packets).mapToLong(Packet::leftNs).max().orElseThrow();
    }

    /** Has so many clients ask for more than there is. */
    private static void ask(Run run, String service, String network, int clients, Direction direction, double bits)
            throws IOException {
        for (int i = 0; i < clients; i++) {
            if (direction == Direction.TO_BACKEND) {
                run.sends(service, network + (1 + i), DATAGRAM, bits / clients);
            } else {
                run.pours(service, network + (1 + i), direction);
            }
        }
    }

    /**
     * From when on the rate is to be kept: 100 ms after the last flow began, in which bursts are used up and shares are moved; or when the
     * balancer got to give one shard all of it, however late the machine had it do so; {@code Long.MAX_VALUE} if it never did.
     */
    private static long settledNs(Decided decided, Direction direction, boolean moves) {
        List<Packet> packets = decided.packets(direction);
        long beganNs = packets.stream()
                .collect(Collectors.toMap(
                        packet -> List.of((long) packet.shard(), packet.flow()), Packet::arrivalNs, Math::min))
                .values()
                .stream()
                .max(Long::compare)
                .orElseThrow();
        long movedNs = !moves
                ? beganNs
                : decided.shares().stream()
                        .filter(share -> share.of() == ShareOf.SERVICE
                                && share.direction() == direction
                                && share.share() >= 0.98)
                        .mapToLong(Share::atNs)
                        .min()
                        .orElse(Long.MAX_VALUE);
        return Math.max(beganNs + BURST_NS, movedNs);
    }

    @ParameterizedTest
    @CsvSource({
        "1, TO_BACKEND, false",
        "2, TO_BACKEND, false",
        "2, TO_BACKEND, true",
        "4, TO_BACKEND, false",
        "4, TO_BACKEND, true",
        "2, TO_CLIENT, false",
        "2, TO_CLIENT, true",
        "4, TO_CLIENT, false",
        "4, TO_CLIENT, true"
    })
    void shouldKeepAGuaranteeOverAllShards(int shards, Direction direction, boolean onOne) throws Exception {
        boolean isUdp = direction == Direction.TO_BACKEND;
        String yaml = """
                qos: { link-rate: 20Mbit }
                services:
                  - { name: promised, listen: "%1$s://127.0.0.1:0", class: P3, guarantee: 8Mbit,
                      backends: [ { address: "%2$s" } ] }
                  - { name: greedy, listen: "%1$s://127.0.0.1:0", class: P1, backends: [ { address: "%2$s" } ] }
                """.formatted(isUdp ? "udp" : "tcp", isUdp ? "UDP" : "TCP");

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "mode: run-to-completion, shards: " + shards, yaml)) {
                        ask(run, "promised", "127.0.1.", onOne ? 1 : SPREAD * shards, direction, 16.0 * MBIT);
                        ask(run, "greedy", "127.0.2.", SPREAD * shards, direction, 40.0 * MBIT);
                        run.until(Run.name(direction), times * 20 * MBIT / 8 * 3);
                    }
                },
                of -> {
                    List<Packet> packets = of.packets(direction);
                    long settledNs = settledNs(of, direction, onOne && shards > 1);
                    long endedNs = endedNs(packets);
                    return promisedAndGreedy(packets, settledNs).seconds() > 0.5
                            && of.granted(ShareOf.LINK, 0, direction, shards, settledNs, endedNs) > LEAST_GRANTED
                            && of.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs) > LEAST_GRANTED;
                });

        List<Packet> packets = decided.packets(direction);
        long settledNs = settledNs(decided, direction, onOne && shards > 1);
        Saturated both = promisedAndGreedy(packets, settledNs);
        assertTrue(both.seconds() > 0.5, both::toString);
        long endedNs = endedNs(packets);
        double granted = decided.granted(ShareOf.LINK, 0, direction, shards, settledNs, endedNs);
        double promised = decided.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs);
        System.out.printf(
                "%d shards, %s, %s: guaranteed 8 Mbit/s, had %.3f; both %.3f over %.2f s; of guarantee and link they had %.4f and %.4f%n",
                shards,
                Run.name(direction),
                onOne ? "all on one" : "spread",
                both.rate(0) / MBIT,
                both.rate() / MBIT,
                both.seconds(),
                promised,
                granted);
        assertEquals(
                onOne ? 1 : shards,
                packets.stream()
                        .filter(packet -> packet.trafficClass() == 3)
                        .map(Packet::shard)
                        .distinct()
                        .count());
        assertTrue(promised > LEAST_GRANTED && granted > LEAST_GRANTED, promised + " and " + granted);
        assertTrue(both.rate(0) >= 0.98 * promised * 8 * MBIT, both::toString);
        assertEquals(granted, both.rate() / (20 * MBIT), 0.02, both::toString);
    }

    private static Saturated promisedAndGreedy(List<Packet> packets, long settledNs) {
        return Rates.saturated(packets, 2, packet -> packet.trafficClass() == 3 ? 0 : 1, settledNs, 0);
    }
}
