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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What shaping promises, held against traffic of real sockets. Asserted is what was decided, packet by packet, from the run's
 * recording, which {@code verify} goes through without a difference: so a machine that is late makes no test fail. What
 * the wall clock says, {@code bin/bench qos} measures.
 */
class ShapingProofIT {
    private static final long MBIT = 1_000_000;
    private static final int DATAGRAM = 1_000;

    @TempDir
    Path data;

    /** Of four classes that want more than they have: P0 its ceiling, P1 4 + 4, P2 3 + 2, P3 2 + 1 of 20 Mbit/s. */
    private static final String FOUR_CLASSES = """
            qos:
              link-rate: 20Mbit
              classes:
                P0: { guarantee: 4Mbit, ceiling: 4Mbit }
                P1: { guarantee: 4Mbit }
                P2: { guarantee: 3Mbit }
                P3: { guarantee: 2Mbit }
            services:
            """;

    private static final double[] GUARANTEES = {4, 4, 3, 2};
    private static final double[] EXPECTED = {4, 8, 5, 3};

    /** By which P1 to P3 share what is left, where nothing is said. */
    private static final int[] WEIGHTS = {0, 4, 2, 1};

    /** What a turn of those that share brings each of them, times its weight: an Ethernet frame. */
    private static final int TURN = 1_514;

    /** By then nobody who began with a burst has anything left of it. */
    private static final long BURST_NS = 100_000_000;

    /** 4 ms of the link's rate, but no less. */
    private static final long USUAL_BURST = 16 << 10;

    /** So many flows for each shard: none of four remains without one in 25 million runs. */
    private static final int SPREAD = 16;

    /** What the shards have of a rate together; all of it, but for what a machine is late by when shares move. */
    private static final double LEAST_GRANTED = 0.9;

    /** A piece of a stream is a quarter of the burst, but this where that is less. */
    private static final int LEAST_PIECE = 2 << 10;

    @Test
    void shouldGiveFourSaturatedClassesOfDatagramsTheirParts() throws Exception {
        StringBuilder yaml = new StringBuilder(FOUR_CLASSES);
        for (int i = 0; i < EXPECTED.length; i++) {
            yaml.append(
                    "  - { name: s%d, listen: \"udp://127.0.0.1:0\", class: P%d, backends: [ { address: \"UDP\" } ] }%n"
                            .formatted(i, i));
        }
        try (Run run = new Run(data, "shards: 1", yaml.toString())) {
            for (int i = 0; i < EXPECTED.length; i++) {
                run.sends("s" + i, "127.0.1.1", DATAGRAM, 2 * EXPECTED[i] * MBIT);
            }
            run.until("to-backend", 20 * MBIT / 8 * 3);
        }

        assertParts(Run.decidedIn(data).packets(Direction.TO_BACKEND), DATAGRAM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mode: run-to-completion, shards: 1", "mode: pipelined, shards: 1"})
    void shouldGiveFourSaturatedClassesOfStreamsTheirPartsEachWay(String engine) throws Exception {
        // A quarter of the least burst that a piece meets would be 1,000 bytes, so it is what a piece may be in any
        // case.
        int largest = LEAST_PIECE;
        StringBuilder yaml = new StringBuilder(FOUR_CLASSES);
        for (int i = 0; i < EXPECTED.length; i++) {
            // A rate that never matters, whose burst does: no piece of a stream is larger.
            yaml.append("""
                      - { name: s%d, listen: "tcp://127.0.0.1:0", class: P%d, rate: 20Mbit, burst: 4KB,
                          buffer: 1MiB, backends: [ { address: "TCP" } ] }
                    """.formatted(i, i));
        }
        try (Run run = new Run(data, engine, yaml.toString())) {
            for (int i = 0; i < EXPECTED.length; i++) {
                run.pours("s" + i, Direction.TO_BACKEND);
                run.pours("s" + i, Direction.TO_CLIENT);
            }
            run.until("to-backend", 20 * MBIT / 8 * 3);
            run.until("to-client", 20 * MBIT / 8 * 3);
        }

        Decided decided = Run.decidedIn(data);
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction);
            assertParts(packets, largest);
            assertEquals(0, packets.stream().filter(Packet::isDropped).count());
            assertTrue(packets.stream().allMatch(packet -> packet.bytes() <= largest));
        }
    }

    private static void assertParts(List<Packet> packets, int largest) {
        assertWithin(Decided.left(packets), 20 * MBIT, USUAL_BURST);
        assertWithin(Decided.left(packets).filter(packet -> packet.trafficClass() == 0), 4 * MBIT, USUAL_BURST);
        Saturated all = Rates.saturated(packets, EXPECTED.length, Packet::trafficClass, 0, BURST_NS);
        String told = all.seconds() + " s: "
                + IntStream.range(0, EXPECTED.length)
                        .mapToObj(i -> "P" + i + " " + all.rate(i))
                        .toList();
        System.out.println(told);
        assertTrue(all.seconds() > 1, told);
        // All of the link's, but for the packet that each such time ends amid.
        assertEquals(0, all.offBytes(20 * MBIT), (double) all.times() * largest, told);
        for (int i = 0; i < EXPECTED.length; i++) {
            assertTrue(all.rate(i) >= 0.98 * GUARANTEES[i] * MBIT, told);
            double rest = EXPECTED[i] - GUARANTEES[i];
            if (rest > 0) {
                assertEquals(1, (all.rate(i) / MBIT - GUARANTEES[i]) / rest, 0.03, told);
            }
            // And whatever the time: at either end a turn's worth, a packet that ends it in debt, and one that was
            // before its turn.
            int ends = WEIGHTS[i] * TURN + 2 * 2 * largest;
            assertEquals(0, all.offBytes(i, Math.round(EXPECTED[i] * MBIT)), (double) all.times() * ends, told);
        }
    }

    /** Not one packet ends a window in which more left than burst + rate × t. */
    private static void assertWithin(Stream<Packet> left, long rate, long burst) {
        long excess = Rates.worstExcess(left, rate);
        assertTrue(excess <= burst, excess + " bytes at once, more than the burst of " + burst);
    }

    @ParameterizedTest
    @CsvSource({"1, 1500", "8, 16384", "200, 100000"})
    void shouldNeverLetMoreOfAStreamPassThanBurstAndRateInAnyWindow(long mbits, long burst) throws Exception {
        long rate = mbits * MBIT;
        try (Run run = new Run(data, "shards: 1", """
                services:
                  - { name: bulk, listen: "tcp://127.0.0.1:0", rate: %dMbit, burst: %dB, backends: [ { address: "TCP" } ] }
                """.formatted(mbits, burst))) {
            for (Direction direction : Direction.values()) {
                run.pours("bulk", direction);
                run.pours("bulk", direction);
            }
            run.until("to-backend", burst + 3 * rate / 8);
            run.until("to-client", burst + 3 * rate / 8);
        }

        Decided decided = Run.decidedIn(data);
        long largest = Math.max(burst / 4, Math.min(burst, LEAST_PIECE));
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction);
            assertTrue(packets.stream().allMatch(packet -> packet.bytes() <= largest));
            assertWithin(Decided.left(packets), rate, burst);
            assertRate(Rates.saturated(packets, 1, packet -> 0, 0, BURST_NS), rate, largest);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1500, TO_BACKEND",
        "1, 1500, TO_CLIENT",
        "50, 25000, TO_BACKEND",
        "50, 25000, TO_CLIENT",
    })
    void shouldNeverLetMoreDatagramsPassThanBurstAndRateInAnyWindow(long mbits, long burst, Direction direction)
            throws Exception {
        long rate = mbits * MBIT;
        // The other way nothing waits, so that it is known which way what waited went.
        try (Run run = new Run(data, "shards: 1", """
                services:
                  - { name: bulk, listen: "udp://127.0.0.1:0", rate: { %s: %dMbit }, burst: %dB, backends: [ { address: "ECHO" } ] }
                """.formatted(name(direction), mbits, burst))) {
            for (int i = 0; i < 2; i++) {
                run.sends("bulk", "127.0.1." + (1 + i), DATAGRAM, 1.0 * rate);
            }
            run.until(name(direction), burst + 3 * rate / 8);
        }

        List<Packet> packets = Run.decidedIn(data).packets(direction);
        assertWithin(Decided.left(packets), rate, burst);
        assertRate(Rates.saturated(packets, 1, packet -> 0, 0, BURST_NS), rate, DATAGRAM);
    }

    /** All of the rate while something waits, but for the packet that each such time ends amid; and within what is asked for. */
    private static void assertRate(Saturated waits, long rate, long largest) {
        System.out.printf(
                "%d bit/s: %+.5f %% over %.2f s in %d times%n",
                rate, 100 * (waits.rate() / rate - 1), waits.seconds(), waits.times());
        assertTrue(waits.seconds() > 1, waits::toString);
        assertEquals(0, waits.offBytes(rate), (double) waits.times() * largest, waits::toString);
        assertEquals(1, waits.rate() / rate, 0.005, waits::toString);
    }

    @Test
    void shouldKeepTheMostUrgentClassFromWaitingForAFlood() throws Exception {
        long rate = 50 * MBIT;
        int urgent = 100;
        try (Run run = new Run(data, "shards: 1", """
                qos: { link-rate: 50Mbit }
                services:
                  - { name: voice, listen: "udp://127.0.0.1:0", class: P0, backends: [ { address: "UDP" } ] }
                  - { name: bulk, listen: "udp://127.0.0.1:0", class: P3, backends: [ { address: "UDP" } ] }
                """)) {
            run.sends("voice", "127.0.1.1", urgent, 0.05 * rate);
            for (int i = 0; i < 3; i++) {
                run.sends("bulk", "127.0.1." + (2 + i), DATAGRAM, (double) rate);
            }
            run.until("to-backend", rate / 8 * 2);
        }

        List<Packet> packets = Run.decidedIn(data).packets(Direction.TO_BACKEND);
        List<Packet> voice =
                packets.stream().filter(packet -> packet.trafficClass() == 0).toList();
        assertTrue(voice.size() > 1_000, voice.size() + " urgent packets");
        assertEquals(0, voice.stream().filter(Packet::isDropped).count());
        assertTrue(packets.stream().filter(Packet::isDropped).count() > 1_000, "the flood is too much");
        List<Long> added = addedDelays(voice, rate);
        long p99Ns = added.get(added.size() * 99 / 100);
        System.out.printf(
                "P0 waits %d µs longer than alone at the 99th percentile, %d at the most%n",
                p99Ns / 1_000, added.getLast() / 1_000);
        assertTrue(p99Ns < 1_000_000, p99Ns + " ns");
        // Two packets of the flood: one that has just left, and one that its bucket was opened for.
        assertTrue(added.getLast() <= 2 * DATAGRAM * 8_000_000_000L / rate, added.getLast() + " ns");
    }

    /** By how much each waited longer than it would have had alone at that rate, ascending. */
    private static List<Long> addedDelays(List<Packet> packets, long rate) {
        List<Long> added = new ArrayList<>();
        long freeNs = Long.MIN_VALUE;
        for (Packet packet : packets) {
            if (packet.hasLeft()) {
                // At the rate and without a burst: what it would have to wait for its own kind at the most.
                freeNs = Math.max(freeNs, packet.arrivalNs()) + packet.bytes() * 8_000_000_000L / rate;
                added.add(Math.max(0, packet.leftNs() - freeNs));
            }
        }
        added.sort(null);
        return added;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void shouldServeSixteenClientsOfAClassAlike(int firstSendsTimes) throws Exception {
        int clients = 16;
        long rate = 16 * MBIT;
        try (Run run = new Run(data, "shards: 1", """
                services:
                  - { name: all, listen: "udp://127.0.0.1:0", rate: 16Mbit, backends: [ { address: "UDP" } ] }
                """)) {
            for (int i = 0; i < clients; i++) {
                run.sends("all", "127.0.1." + (1 + i), DATAGRAM, (i == 0 ? firstSendsTimes : 1) * 1.5 * MBIT);
            }
            run.until("to-backend", rate / 8 * 11 / 2);
        }

        assertFair(Run.decidedIn(data).packets(Direction.TO_BACKEND), clients);
    }

    /** One has ten connections where the others have one. */
    @ParameterizedTest
    @EnumSource(Direction.class)
    void shouldServeSixteenClientsAlikeHoweverManyStreamsOneHas(Direction direction) throws Exception {
        int clients = 16;
        long rate = 16 * MBIT;
        try (Run run = new Run(data, "shards: 1", """
                services:
                  - { name: all, listen: "tcp://127.0.0.1:0", rate: 16Mbit, backends: [ { address: "TCP" } ] }
                """)) {
            for (int i = 0; i < clients + 9; i++) {
                run.pours("all", "127.0.1." + (1 + Math.max(0, i - 9)), direction);
            }
            run.until(name(direction), rate / 8 * 6);
        }

        assertFair(Run.decidedIn(data).packets(direction), clients);
    }

    /** Over 5 s from when the last has begun. */
    private static void assertFair(List<Packet> packets, int clients) {
        long beganNs = BURST_NS
                + packets.stream()
                        .collect(Collectors.toMap(Packet::client, Packet::arrivalNs, Math::min))
                        .values()
                        .stream()
                        .max(Long::compare)
                        .orElseThrow();
        List<Long> addresses =
                packets.stream().map(Packet::client).distinct().sorted().toList();
        assertEquals(clients, addresses.size());
        List<Long> bytes = addresses.stream()
                .map(address -> Decided.left(packets)
                        .filter(packet -> packet.client() == address
                                && packet.leftNs() >= beganNs
                                && packet.leftNs() < beganNs + 5_000_000_000L)
                        .mapToLong(Packet::bytes)
                        .sum())
                .toList();
        System.out.printf("Jain's index of %d clients over 5 s: %.5f%n", clients, Rates.jain(bytes));
        assertTrue(Rates.jain(bytes) >= 0.99, bytes::toString);
    }

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
        try (Run run = new Run(data, "mode: run-to-completion, shards: " + shards, """
                services:
                  - { name: all, listen: "%s://127.0.0.1:0", rate: 20Mbit, burst: 64KB, backends: [ { address: "%s" } ] }
                """.formatted(
                        isUdp ? "udp" : "tcp", isUdp ? "UDP" : "TCP"))) {
            ask(run, "all", "127.0.1.", clients, direction, 2.0 * rate);
            run.until(name(direction), rate / 8 * 2);
        }

        Decided decided = Run.decidedIn(data);
        List<Packet> packets = decided.packets(direction);
        assertEquals(
                onOne ? 1 : shards,
                packets.stream().map(Packet::shard).distinct().count());
        // A shard's part of the burst may be less than a packet, which it lets pass all the same.
        assertWithin(Decided.left(packets), rate, burst + (shards - 1) * (long) (isUdp ? DATAGRAM : LEAST_PIECE));
        long settledNs = settledNs(decided, direction, onOne && shards > 1);
        Saturated whole = Rates.saturated(packets, 1, packet -> 0, settledNs, 0);
        double granted = decided.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs(packets));
        System.out.printf(
                "%d shards, %s, %s: settled after %d ms, then %.4f of the rate, of which they had %.4f, over %.2f s%n",
                shards,
                name(direction),
                onOne ? "all on one" : "spread",
                (settledNs - packets.getFirst().leftNs()) / 1_000_000,
                whole.rate() / rate,
                granted,
                whole.seconds());
        if (shards == 1) {
            assertRate(whole, rate, isUdp ? DATAGRAM : burst / 4);
        }
        assertTrue(whole.seconds() > 0.5, whole::toString);
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

    private static String name(Direction direction) {
        return direction == Direction.TO_BACKEND ? "to-backend" : "to-client";
    }

    /**
     * From when on the rate is to be kept: 100 ms after the last flow began, in which bursts are used up and shares are moved; or when the
     * balancer got to give one shard all of it, however late the machine had it do so.
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
                        .orElseThrow(() ->
                                new AssertionError("no shard was ever given the whole rate: " + decided.shares()));
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
        try (Run run = new Run(data, "mode: run-to-completion, shards: " + shards, """
                qos: { link-rate: 20Mbit }
                services:
                  - { name: promised, listen: "%1$s://127.0.0.1:0", class: P3, guarantee: 8Mbit,
                      backends: [ { address: "%2$s" } ] }
                  - { name: greedy, listen: "%1$s://127.0.0.1:0", class: P1, backends: [ { address: "%2$s" } ] }
                """.formatted(
                        isUdp ? "udp" : "tcp", isUdp ? "UDP" : "TCP"))) {
            ask(run, "promised", "127.0.1.", onOne ? 1 : SPREAD * shards, direction, 16.0 * MBIT);
            ask(run, "greedy", "127.0.2.", SPREAD * shards, direction, 40.0 * MBIT);
            run.until(name(direction), 20 * MBIT / 8 * 3);
        }

        Decided decided = Run.decidedIn(data);
        List<Packet> packets = decided.packets(direction);
        long settledNs = settledNs(decided, direction, onOne && shards > 1);
        Saturated both = Rates.saturated(packets, 2, packet -> packet.trafficClass() == 3 ? 0 : 1, settledNs, 0);
        long endedNs = endedNs(packets);
        double granted = decided.granted(ShareOf.LINK, 0, direction, shards, settledNs, endedNs);
        double promised = decided.granted(ShareOf.SERVICE, 0, direction, shards, settledNs, endedNs);
        System.out.printf(
                "%d shards, %s, %s: guaranteed 8 Mbit/s, had %.3f; both %.3f over %.2f s; of guarantee and link they had %.4f and %.4f%n",
                shards,
                name(direction),
                onOne ? "all on one" : "spread",
                both.rate(0) / MBIT,
                both.rate() / MBIT,
                both.seconds(),
                promised,
                granted);
        assertTrue(both.seconds() > 0.5, both::toString);
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
}
