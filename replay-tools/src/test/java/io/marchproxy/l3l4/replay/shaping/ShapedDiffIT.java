package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.marchproxy.l3l4.replay.Tools;
import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real datagrams of two classes that come all at once, recorded under one configuration, and what {@code diff} says another rate,
 * guarantee or class would do: how long the last of each class waits.
 */
class ShapedDiffIT {
    private static final int DATAGRAM = 1_000;
    private static final int COUNT = 4_000;

    /** Of 20 Mbit/s, 16 and 4 by the weights of P1 and P3. */
    private static final String RECORDED = """
            qos:
              link-rate: 20Mbit
              codel: { enabled: false }
              classes: { P1: { queue: 20000 }, P2: { queue: 20000 }, P3: { queue: 20000 } }
            services:
              - { name: web, listen: "udp://127.0.0.1:0", class: P1, backends: [ { address: "UDP" } ] }
              - { name: bulk, listen: "udp://127.0.0.1:0", class: P3, backends: [ { address: "UDP" } ] }
            """;

    private static final long STEP_NS = 50_000;
    private static final double TOLERANCE = 0.04;

    /** What a burst and a turn's worth of bytes come to. */
    private static final double SLACK_NS = 20_000_000;

    @TempDir
    Path data;

    private List<Packet> packets = List.of();

    @Test
    void shouldShowTheEffectOfAnotherRateGuaranteeAndClass() throws Exception {
        try (Run run = new Run(data, "shards: 1", RECORDED)) {
            run.sendsAtOnce(COUNT, DATAGRAM, "web", "bulk");
        }
        packets = Run.decidedIn(data).packets(Direction.TO_BACKEND);
        assertTrue(
                packets.size() > COUNT && packets.stream().allMatch(Packet::hasLeft), "a good part came, and all left");

        JsonNode same = diff("link-rate: 20Mbit", "link-rate: 20Mbit");
        assertEquals(0, same.get("changed").asLong());
        assertDelays(same, 16, 20);
        assertDelays(diff("link-rate: 20Mbit", "link-rate: 40Mbit"), 32, 40);
        assertDelays(diff("P3: {", "P3: { guarantee: 10Mbit,"), 8, 20);
        assertDelays(diff("class: P3", "class: P2"), 20 * 4 / 6.0, 20);
    }

    /**
     * Holds the longest delays against a fluid: water that runs to both classes at once, to each by its guarantee and its weight while
     * both have some, to one alone at the link's rate. In steps, and with none of the shaper's code.
     *
     * @param web its part in Mbit/s while both wait
     */
    private void assertDelays(JsonNode report, double web, double linkMbits) {
        long beganNs = packets.stream().mapToLong(Packet::arrivalNs).min().orElseThrow();
        List<List<Packet>> queues = List.of(of(1), of(3));
        double[] parts = {web, linkMbits - web};
        int[] next = {0, 0};
        double[] bytesLeft = {DATAGRAM, DATAGRAM};
        double[] longestNs = {0, 0};
        for (long nowNs = beganNs;
                next[0] < queues.get(0).size() || next[1] < queues.get(1).size();
                nowNs += STEP_NS) {
            boolean[] waits = {waits(queues.get(0), next[0], nowNs), waits(queues.get(1), next[1], nowNs)};
            for (int i = 0; i < 2; i++) {
                double bytes = STEP_NS / 8_000.0 * (waits[1 - i] ? parts[i] : linkMbits);
                while (bytes > 0 && waits(queues.get(i), next[i], nowNs)) {
                    double some = Math.min(bytes, bytesLeft[i]);
                    bytes -= some;
                    bytesLeft[i] -= some;
                    if (bytesLeft[i] == 0) {
                        longestNs[i] = Math.max(longestNs[i], (double)
                                (nowNs - queues.get(i).get(next[i]).arrivalNs()));
                        bytesLeft[i] = DATAGRAM;
                        next[i]++;
                    }
                }
            }
        }
        assertEquals(longestNs[0], longestNs(report, "web"), TOLERANCE * longestNs[0] + SLACK_NS, "web");
        assertEquals(longestNs[1], longestNs(report, "bulk"), TOLERANCE * longestNs[1] + SLACK_NS, "bulk");
    }

    private List<Packet> of(int trafficClass) {
        return packets.stream()
                .filter(packet -> packet.trafficClass() == trafficClass)
                .sorted(Comparator.comparingLong(Packet::arrivalNs))
                .toList();
    }

    private static boolean waits(List<Packet> queue, int next, long nowNs) {
        return next < queue.size() && queue.get(next).arrivalNs() <= nowNs;
    }

    private static double longestNs(JsonNode report, String service) {
        for (JsonNode row : report.get("services")) {
            if (row.get("name").asText().equals(service + "/udp")
                    && row.get("direction").asText().equals("to-backend")) {
                return row.get("after").get("delay-ns").get("max").asDouble();
            }
        }
        throw new AssertionError(service + " is not in " + report);
    }

    private JsonNode diff(String recorded, String instead) throws IOException {
        String yaml = Files.readString(data.resolve("proxy.yaml"));
        assertTrue(yaml.contains(recorded), yaml);
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), yaml.replace(recorded, instead));
        Tools.Outcome outcome = Tools.run("diff", data, "--config", candidate, "--format", "json");
        assertEquals(0, outcome.exitCode(), outcome::toString);
        return new ObjectMapper().readTree(outcome.out());
    }
}
