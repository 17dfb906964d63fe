package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.replay.shaping.Rates.Saturated;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reloads that give services other classes, by a rule and by their own {@code class}, while all of them wait all the time: streams both
 * ways, and datagrams. From that moment on all leaves by the new classes, what was waiting then included, in order, and nothing is
 * lost; as {@code verify} finds again.
 */
class ClassChangeIT {
    private static final int WEB = 0;
    private static final int BULK = 1;
    private static final int FEED = 2;
    private static final List<String> NAMES = List.of("web", "bulk", "feed");
    private static final long LINK = 40_000_000;
    private static final int[] WEIGHTS = {0, 4, 2, 1};
    private static final int DATAGRAM = 1_000;

    /** How long each phase is to last, in seconds of what the link lets pass. */
    private static final double SECONDS = 2;

    /** By then nothing is left of the link's burst. */
    private static final long BURST_NS = 100_000_000;

    @TempDir
    Path data;

    /** The class of each service for a while, and by what it has it. */
    private record Phase(String rules, List<Integer> own, List<Integer> classes) {}

    private static final List<Phase> PHASES = List.of(
            new Phase("", List.of(1, 1, 1), List.of(1, 1, 1)),
            new Phase("{ match: { protocol: udp, length: 100- }, class: P3 }", List.of(1, 3, 1), List.of(1, 3, 3)),
            new Phase(
                    "{ match: { service: web }, class: P3 }, { match: { service: feed }, class: P3 }",
                    List.of(1, 1, 1),
                    List.of(3, 1, 3)),
            new Phase("{ match: { protocol: tcp }, class: P2 }", List.of(1, 1, 3), List.of(2, 2, 3)));

    private static String yaml(Phase phase, List<String> listen, String backend) {
        return """
                qos:
                  link-rate: 40Mbit
                  codel: { enabled: false }
                  rules: [ %s ]
                services:
                  - { name: web, listen: "tcp://%s", class: P%d, health: { protocol: none }, backends: [ { id: b, address: "%s" } ] }
                  - { name: bulk, listen: "tcp://%s", class: P%d, health: { protocol: none }, backends: [ { id: b, address: "%s" } ] }
                  - { name: feed, listen: "udp://%s", class: P%d, backends: [ { id: b, address: "UDP" } ] }
                """.formatted(
                        phase.rules(),
                        listen.get(WEB),
                        phase.own().get(WEB),
                        backend,
                        listen.get(BULK),
                        phase.own().get(BULK),
                        backend,
                        listen.get(FEED),
                        phase.own().get(FEED));
    }

    @Test
    void shouldMoveWhatIsAlwaysHeldBackToItsNewClassAtOnceInOrderAndLoseNothing() throws Exception {
        try (CheckedStreams streams = new CheckedStreams()) {
            String any = "127.0.0.1:0";
            String first = yaml(PHASES.getFirst(), List.of(any, any, any), streams.address());
            try (Run run = new Run(data, "shards: 1", first)) {
                List<String> listen = NAMES.stream()
                        .map(name -> "127.0.0.1:" + run.address(name).getPort())
                        .toList();
                for (Direction direction : Direction.values()) {
                    for (int service : List.of(WEB, BULK)) {
                        streams.open(run.address(NAMES.get(service)), direction);
                        streams.open(run.address(NAMES.get(service)), direction);
                    }
                }
                run.sends("feed", "127.0.1.1", DATAGRAM, LINK / 2.0);
                for (int i = 0; i < PHASES.size(); i++) {
                    if (i > 0) {
                        for (String name : NAMES) {
                            run.untilWaits(name, "to-backend");
                        }
                        run.untilWaits("web", "to-client");
                        run.untilWaits("bulk", "to-client");
                        run.reload(yaml(PHASES.get(i), listen, streams.address()));
                    }
                    long toBackend = run.leftBytes("to-backend") + (long) (LINK / 8.0 * SECONDS);
                    long toClient = run.leftBytes("to-client") + (long) (LINK / 8.0 * SECONDS);
                    run.until("to-backend", toBackend);
                    run.until("to-client", toClient);
                }
                streams.assertAllComes();
            }
        }

        Decided decided = Run.decidedIn(data);
        assertEquals(PHASES.size() - 1, decided.changes().size());
        for (Direction direction : Direction.values()) {
            List<Packet> packets = decided.packets(direction).stream()
                    .filter(packet -> packet.bytes() > 1) // but for the byte that says who sends
                    .toList();
            assertInOrder(packets);
            assertTrue(packets.stream().allMatch(packet -> packet.service() == FEED || packet.hasLeft()), "bytes left");
            long moved = 0;
            for (int i = 0; i < PHASES.size(); i++) {
                long fromNs = from(decided, i);
                long untilNs = from(decided, i + 1);
                assertOfItsClass(PHASES.get(i), packets, fromNs, untilNs);
                assertShares(PHASES.get(i), direction, packets, fromNs, untilNs);
                moved += i == 0 ? 0 : moved(PHASES.get(i), packets, fromNs);
            }
            assertTrue(moved > 10, moved + " packets were of another class when they came");
        }
        assertDiffGoesByTheCandidatesClasses(decided);
    }

    private static long from(Decided decided, int phase) {
        return phase == 0
                ? Long.MIN_VALUE
                : phase == PHASES.size()
                        ? Long.MAX_VALUE
                        : decided.changes().get(phase - 1).atNs();
    }

    private static void assertInOrder(List<Packet> packets) {
        Map<Long, Integer> last = new HashMap<>();
        packets.stream().filter(Packet::hasLeft).forEach(packet -> {
            int before = last.getOrDefault(packet.flow(), -1);
            assertTrue(before < packet.number(), () -> packet + " was overtaken");
            last.put(packet.flow(), packet.number());
        });
        assertTrue(last.size() >= 4, last::toString);
    }

    /** All that leaves behind a reload, whenever it came, is of its new class, and leaves with that one's code point. */
    private static void assertOfItsClass(Phase phase, List<Packet> packets, long fromNs, long untilNs) {
        Map<Integer, Integer> dscps = new HashMap<>();
        packets.stream()
                .filter(packet -> packet.hasLeft() && packet.leftNs() > fromNs && packet.leftNs() < untilNs)
                .forEach(packet -> {
                    assertEquals(
                            phase.classes().get(packet.service()), packet.leftClass(), () -> phase + ": " + packet);
                    Integer before = dscps.put(packet.leftClass(), packet.dscp());
                    assertTrue(before == null || before == packet.dscp(), packet::toString);
                });
        assertEquals(dscps.size(), dscps.values().stream().distinct().count(), dscps::toString);
    }

    /** How many that were waiting at a reload left later, and by another class than they came by. */
    private static long moved(Phase phase, List<Packet> packets, long atNs) {
        return packets.stream()
                .filter(packet -> packet.arrivalNs() < atNs && packet.leftNs() > atNs && packet.hasLeft())
                .filter(packet -> !phase.classes().get(packet.service()).equals(packet.trafficClass()))
                .count();
    }

    /** From the reload on the link is shared by the new classes: each by its weight, and within a class evenly, but for a few pieces. */
    private static void assertShares(
            Phase phase, Direction direction, List<Packet> packets, long fromNs, long untilNs) {
        int count = direction == Direction.TO_BACKEND ? 3 : 2;
        List<Packet> until = packets.stream()
                .map(packet -> packet.leftNs() < untilNs ? packet : packet.leaving(Decided.NEVER))
                .filter(packet -> packet.arrivalNs() < untilNs)
                .toList();
        Saturated waits =
                Rates.saturated(until, count, Packet::service, fromNs, fromNs == Long.MIN_VALUE ? BURST_NS : 0);
        long largest = packets.stream().mapToLong(Packet::bytes).max().orElseThrow();
        Map<Integer, Long> members = IntStream.range(0, count)
                .boxed()
                .collect(Collectors.groupingBy(service -> phase.classes().get(service), Collectors.counting()));
        double weights = members.keySet().stream().mapToInt(one -> WEIGHTS[one]).sum();
        String told = "%s %s: %s in %.2f s in %d times, by pieces of up to %d bytes"
                .formatted(phase, direction, waits.bytes(), waits.seconds(), waits.times(), largest);
        System.out.println(told);
        assertTrue(waits.seconds() > 0.2, told);
        for (int service = 0; service < count; service++) {
            int of = phase.classes().get(service);
            double part = WEIGHTS[of] / weights / members.get(of);
            assertEquals(
                    part * waits.allBytes(), waits.bytes().get(service), waits.times() * 4.0 * largest, () -> told);
        }
    }

    /** A candidate's classes are so from the beginning, whatever the recorded reloads made of them. */
    private void assertDiffGoesByTheCandidatesClasses(Decided decided) throws IOException {
        Tools.Outcome outcome = Tools.run("diff", data, "--config", data.resolve("proxy.yaml"), "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        JsonNode report = new ObjectMapper().readTree(outcome.out());
        Map<String, Long> services = bytes(report.get("services"), "after");
        Map<String, Long> after = bytes(report.get("classes"), "after");
        assertEquals(services.get("web/tcp") + services.get("bulk/tcp"), after.get("P2"));
        assertEquals(services.get("feed/udp"), after.get("P3"));
        Map<String, Long> before = bytes(report.get("classes"), "before");
        for (int i = 1; i <= 3; i++) {
            int of = i;
            long left = decided.packets(Direction.TO_BACKEND).stream()
                    .filter(packet -> packet.hasLeft() && packet.leftClass() == of)
                    .mapToLong(Packet::bytes)
                    .sum();
            assertTrue(left > 0 && left <= before.get("P" + i), () -> left + " of P" + of + " in " + before);
        }
        assertNotEquals(before, after);
    }

    private static Map<String, Long> bytes(JsonNode rows, String side) {
        Map<String, Long> bytes = new HashMap<>();
        for (JsonNode row : rows) {
            if (row.get("direction").asText().equals("to-backend")) {
                bytes.put(row.get("name").asText(), row.get(side).get("bytes").asLong());
            }
        }
        return bytes;
    }
}
