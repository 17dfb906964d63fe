package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.replay.shaping.Rates.Saturated;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml.toString())) {
                        for (int i = 0; i < EXPECTED.length; i++) {
                            run.sends("s" + i, "127.0.1.1", DATAGRAM, 2 * EXPECTED[i] * MBIT);
                        }
                        run.until("to-backend", times * 20 * MBIT / 8 * 3);
                    }
                },
                of -> fourClasses(of.packets(Direction.TO_BACKEND)).seconds() > 1);

        assertParts(decided.packets(Direction.TO_BACKEND), DATAGRAM);
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

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, engine, yaml.toString())) {
                        for (int i = 0; i < EXPECTED.length; i++) {
                            run.pours("s" + i, Direction.TO_BACKEND);
                            run.pours("s" + i, Direction.TO_CLIENT);
                        }
                        run.until("to-backend", times * 20 * MBIT / 8 * 3);
                        run.until("to-client", times * 20 * MBIT / 8 * 3);
                    }
                },
                of -> Stream.of(Direction.values())
                        .allMatch(
                                direction -> fourClasses(of.packets(direction)).seconds() > 1));

        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction);
            assertParts(packets, largest);
            assertEquals(0, dropped(packets));
            assertTrue(packets.stream().allMatch(packet -> packet.bytes() <= largest));
        }
    }

    private static Saturated fourClasses(List<Packet> packets) {
        return Rates.saturated(packets, EXPECTED.length, Packet::trafficClass, 0, BURST_NS);
    }

    private static void assertParts(List<Packet> packets, int largest) {
        Rates.assertWithin(Decided.left(packets), 20 * MBIT, USUAL_BURST);
        Rates.assertWithin(Decided.left(packets).filter(packet -> packet.trafficClass() == 0), 4 * MBIT, USUAL_BURST);
        Saturated all = fourClasses(packets);
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

    @ParameterizedTest
    @CsvSource({"1, 1500", "8, 16384", "200, 100000"})
    void shouldNeverLetMoreOfAStreamPassThanBurstAndRateInAnyWindow(long mbits, long burst) throws Exception {
        long rate = mbits * MBIT;
        String yaml = """
                services:
                  - { name: bulk, listen: "tcp://127.0.0.1:0", rate: %dMbit, burst: %dB, backends: [ { address: "TCP" } ] }
                """.formatted(mbits, burst);

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml)) {
                        for (Direction direction : Direction.values()) {
                            run.pours("bulk", direction);
                            run.pours("bulk", direction);
                        }
                        run.until("to-backend", burst + times * 3 * rate / 8);
                        run.until("to-client", burst + times * 3 * rate / 8);
                    }
                },
                of -> Stream.of(Direction.values())
                        .allMatch(direction -> anybody(of.packets(direction)).seconds() > 1));

        long largest = Math.max(burst / 4, Math.min(burst, LEAST_PIECE));
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction);
            assertTrue(packets.stream().allMatch(packet -> packet.bytes() <= largest));
            Rates.assertWithin(Decided.left(packets), rate, burst);
            Rates.assertRate(anybody(packets), rate, largest);
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
        String yaml = """
                services:
                  - { name: bulk, listen: "udp://127.0.0.1:0", rate: { %s: %dMbit }, burst: %dB, backends: [ { address: "ECHO" } ] }
                """.formatted(Run.name(direction), mbits, burst);

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml)) {
                        for (int i = 0; i < 2; i++) {
                            run.sends("bulk", "127.0.1." + (1 + i), DATAGRAM, 1.0 * rate);
                        }
                        run.until(Run.name(direction), burst + times * 3 * rate / 8);
                    }
                },
                of -> anybody(of.packets(direction)).seconds() > 1);

        List<Packet> packets = decided.packets(direction);
        Rates.assertWithin(Decided.left(packets), rate, burst);
        Rates.assertRate(anybody(packets), rate, DATAGRAM);
    }

    private static Saturated anybody(List<Packet> packets) {
        return Rates.saturated(packets, 1, packet -> 0, 0, BURST_NS);
    }

    @Test
    void shouldKeepTheMostUrgentClassFromWaitingForAFlood() throws Exception {
        long rate = 50 * MBIT;
        int urgent = 100;
        String yaml = """
                qos: { link-rate: 50Mbit }
                services:
                  - { name: voice, listen: "udp://127.0.0.1:0", class: P0, backends: [ { address: "UDP" } ] }
                  - { name: bulk, listen: "udp://127.0.0.1:0", class: P3, backends: [ { address: "UDP" } ] }
                """;

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml)) {
                        run.sends("voice", "127.0.1.1", urgent, 0.05 * rate);
                        for (int i = 0; i < 3; i++) {
                            run.sends("bulk", "127.0.1." + (2 + i), DATAGRAM, (double) rate);
                        }
                        run.until("to-backend", times * rate / 8 * 2);
                    }
                },
                of -> dropped(of.packets(Direction.TO_BACKEND)) > 1_000
                        && urgent(of.packets(Direction.TO_BACKEND)).size() > 1_000);

        List<Packet> packets = decided.packets(Direction.TO_BACKEND);
        List<Packet> voice = urgent(packets);
        assertTrue(voice.size() > 1_000, voice.size() + " urgent packets");
        assertEquals(0, dropped(voice));
        assertTrue(dropped(packets) > 1_000, "the flood is too much");
        List<Long> added = addedDelays(voice, rate);
        long p99Ns = added.get(added.size() * 99 / 100);
        System.out.printf(
                "P0 waits %d µs longer than alone at the 99th percentile, %d at the most%n",
                p99Ns / 1_000, added.getLast() / 1_000);
        assertTrue(p99Ns < 1_000_000, p99Ns + " ns");
        // Two packets of the flood: one that has just left, and one that its bucket was opened for.
        assertTrue(added.getLast() <= 2 * DATAGRAM * 8_000_000_000L / rate, added.getLast() + " ns");
    }

    private static List<Packet> urgent(List<Packet> packets) {
        return packets.stream().filter(packet -> packet.trafficClass() == 0).toList();
    }

    private static long dropped(List<Packet> packets) {
        return packets.stream().filter(Packet::isDropped).count();
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
        String yaml = """
                services:
                  - { name: all, listen: "udp://127.0.0.1:0", rate: 16Mbit, backends: [ { address: "UDP" } ] }
                """;

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml)) {
                        for (int i = 0; i < clients; i++) {
                            run.sends(
                                    "all", "127.0.1." + (1 + i), DATAGRAM, (i == 0 ? firstSendsTimes : 1) * 1.5 * MBIT);
                        }
                        run.until("to-backend", times * rate / 8 * 13 / 2);
                    }
                },
                of -> allWait(of.packets(Direction.TO_BACKEND), clients));

        assertFair(decided.packets(Direction.TO_BACKEND), clients);
    }

    /** One has ten connections where the others have one. */
    @ParameterizedTest
    @EnumSource(Direction.class)
    void shouldServeSixteenClientsAlikeHoweverManyStreamsOneHas(Direction direction) throws Exception {
        int clients = 16;
        long rate = 16 * MBIT;
        String yaml = """
                services:
                  - { name: all, listen: "tcp://127.0.0.1:0", rate: 16Mbit, backends: [ { address: "TCP" } ] }
                """;

        Decided decided = Run.decided(
                data,
                (folder, times) -> {
                    try (Run run = new Run(folder, "shards: 1", yaml)) {
                        for (int i = 0; i < clients + 9; i++) {
                            run.pours("all", "127.0.1." + (1 + Math.max(0, i - 9)), direction);
                        }
                        run.until(Run.name(direction), times * rate / 8 * 13 / 2);
                    }
                },
                of -> allWait(of.packets(direction), clients));

        assertFair(decided.packets(direction), clients);
    }

    private static boolean allWait(List<Packet> packets, int clients) {
        return fairly(packets, clients).seconds() > 5;
    }

    /** What each got while all of them had something waiting. */
    private static Saturated fairly(List<Packet> packets, int clients) {
        List<Long> addresses =
                packets.stream().map(Packet::client).distinct().sorted().toList();
        assertEquals(clients, addresses.size());
        return Rates.saturated(packets, clients, packet -> addresses.indexOf(packet.client()), 0, BURST_NS);
    }

    private static void assertFair(List<Packet> packets, int clients) {
        Saturated all = fairly(packets, clients);
        System.out.printf(
                "Jain's index of %d clients over %.2f s: %.5f%n", clients, all.seconds(), Rates.jain(all.bytes()));
        assertTrue(all.seconds() > 5, all::toString);
        assertTrue(Rates.jain(all.bytes()) >= 0.99, all::toString);
    }
}
