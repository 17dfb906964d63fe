package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.replay.shaping.Rates.Saturated;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ceilings of clients and of connections, held against real datagrams and streams as {@link ShapingProofIT} holds those of services: by
 * when packets were to leave, after {@code verify} found no difference.
 */
class EachCeilingProofIT {
    private static final long MBIT = 1_000_000;
    private static final int DATAGRAM = 1_000;
    private static final long OF_CLIENT = 4 * MBIT;
    private static final long OF_CONNECTION = 3 * MBIT;

    /** 4 ms of these rates, but no less. */
    private static final long USUAL_BURST = 16 << 10;

    /** The largest piece of a stream: a quarter of the burst. */
    private static final int PIECE = (int) USUAL_BURST / 4;

    private static final long BURST_NS = 100_000_000;

    @TempDir
    Path data;

    private static final String SERVICES = """
            services:
              - { name: many, listen: "%1$s://127.0.0.1:0", client-rate: 4Mbit, connection-rate: 3Mbit,
                  backends: [ { address: "%2$s" } ] }
              - { name: single, listen: "%1$s://127.0.0.1:0", client-rate: 4Mbit, connection-rate: 3Mbit,
                  backends: [ { address: "%2$s" } ] }
            """;

    /** One who sends by three sockets is held as a client, one who does by a single one as a connection, and a third by neither. */
    @Test
    void shouldHoldEachClientAndEachConnectionOfDatagrams() throws Exception {
        try (Run run = new Run(data, "shards: 1", SERVICES.formatted("udp", "UDP"))) {
            for (int i = 0; i < 3; i++) {
                run.sends("many", "127.0.1.1", DATAGRAM, 2.0 * OF_CONNECTION);
            }
            run.sends("many", "127.0.1.3", DATAGRAM, 0.1 * OF_CONNECTION);
            run.sends("single", "127.0.1.2", DATAGRAM, 2.0 * OF_CONNECTION);
            run.until("many", "to-backend", OF_CLIENT / 8 * 2);
            run.until("single", "to-backend", OF_CONNECTION / 8 * 2);
        }

        List<Packet> packets = Run.decidedIn(data).packets(Direction.TO_BACKEND);
        Map<Long, List<Packet>> clients = packets.stream().collect(Collectors.groupingBy(Packet::client));
        assertEquals(3, clients.size());
        for (List<Packet> ofClient : clients.values()) {
            assertWithin(ofClient, OF_CLIENT);
            List<List<Packet>> flows = flows(ofClient);
            flows.forEach(flow -> assertWithin(flow, OF_CONNECTION));
            if (flows.size() == 3) {
                assertRate(ofClient, OF_CLIENT, DATAGRAM);
                List<Long> numbers =
                        flows.stream().map(flow -> flow.getFirst().flow()).toList();
                Saturated all = Rates.saturated(ofClient, 3, packet -> numbers.indexOf(packet.flow()), 0, BURST_NS);
                assertTrue(all.seconds() > 0.2, all::toString);
                assertTrue(Rates.jain(all.bytes()) >= 0.99, () -> "each connection has its turn: " + all);
            } else if (ofClient.stream().anyMatch(Packet::isDropped)) {
                assertRate(ofClient, OF_CONNECTION, DATAGRAM);
            }
        }
        assertEquals(
                2, clients.values().stream().filter(EachCeilingProofIT::isHeld).count(), "nobody waits for others");
    }

    @Test
    void shouldHoldEachClientAndEachConnectionOfStreamsBothWays() throws Exception {
        try (Run run = new Run(data, "shards: 1", SERVICES.formatted("tcp", "TCP"))) {
            for (Direction direction : Direction.values()) {
                for (int i = 0; i < 3; i++) {
                    run.pours("many", "127.0.1.1", direction);
                }
                run.pours("single", "127.0.1.2", direction);
            }
            for (String direction : List.of("to-backend", "to-client")) {
                run.until("many", direction, OF_CLIENT / 8 * 2);
                run.until("single", direction, OF_CONNECTION / 8 * 2);
            }
        }

        Decided decided = Run.decidedIn(data);
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction).stream()
                    .filter(packet -> packet.bytes() > 1) // but for the byte that says who sends
                    .toList();
            assertTrue(packets.stream().noneMatch(Packet::isDropped));
            Map<Long, List<Packet>> clients = packets.stream().collect(Collectors.groupingBy(Packet::client));
            assertEquals(2, clients.size());
            for (List<Packet> ofClient : clients.values()) {
                assertWithin(ofClient, OF_CLIENT);
                List<List<Packet>> flows = flows(ofClient);
                flows.forEach(flow -> assertWithin(flow, OF_CONNECTION));
                assertRate(ofClient, flows.size() == 3 ? OF_CLIENT : OF_CONNECTION, PIECE);
            }
        }
    }

    /** As docs/QOS.md says: a connection's is exact, a client with many may have its ceiling on each shard, and no more. */
    @Test
    void shouldHoldEachConnectionOverShardsAndAClientOnEachOfThem() throws Exception {
        try (Run run = new Run(data, "mode: run-to-completion, shards: 2", SERVICES.formatted("udp", "UDP"))) {
            for (int i = 0; i < 8; i++) {
                run.sends("many", "127.0.1.1", DATAGRAM, (double) OF_CONNECTION);
            }
            run.sends("single", "127.0.1.2", DATAGRAM, 2.0 * OF_CONNECTION);
            run.until("many", "to-backend", OF_CLIENT / 8 * 2);
            run.until("single", "to-backend", OF_CONNECTION / 8);
        }

        List<Packet> packets = Run.decidedIn(data).packets(Direction.TO_BACKEND);
        packets.stream()
                .collect(Collectors.groupingBy(packet -> List.of((long) packet.shard(), packet.flow())))
                .values()
                .forEach(flow -> assertWithin(flow, OF_CONNECTION));
        packets.stream()
                .collect(Collectors.groupingBy(packet -> List.of((long) packet.shard(), packet.client())))
                .values()
                .forEach(client -> assertWithin(client, OF_CLIENT));
    }

    private static List<List<Packet>> flows(List<Packet> packets) {
        return List.copyOf(
                packets.stream().collect(Collectors.groupingBy(Packet::flow)).values());
    }

    private static boolean isHeld(List<Packet> packets) {
        return packets.stream().anyMatch(Packet::hasWaited);
    }

    private static void assertWithin(List<Packet> packets, long rate) {
        long excess = Rates.worstExcess(Decided.left(packets), rate);
        assertTrue(excess <= USUAL_BURST, excess + " bytes at once, of " + rate + " bit/s");
    }

    /** While something of it waits it has all of its rate, but for the packet that each such time ends amid. */
    private static void assertRate(List<Packet> packets, long rate, int largest) {
        Saturated waits = Rates.saturated(packets, 1, packet -> 0, 0, BURST_NS);
        System.out.printf(
                "%d bit/s: %.5f of it over %.2f s in %d times%n",
                rate, waits.rate() / rate, waits.seconds(), waits.times());
        assertTrue(waits.seconds() > 0.5, waits::toString);
        assertTrue(packets.stream().allMatch(packet -> packet.bytes() <= largest));
        assertEquals(0, waits.offBytes(rate), (double) waits.times() * largest, waits::toString);
    }
}
