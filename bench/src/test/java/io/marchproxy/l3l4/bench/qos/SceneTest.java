package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.bench.peers.LoadAnswer;
import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scene asks for, and what is made of what came. */
class SceneTest {
    private static final double SECONDS = 2;
    private static final int BYTES = 1_000;

    private final List<Stamped> came = new ArrayList<>();
    private final Map<String, Double> load = new HashMap<>();

    @Test
    void shouldConfigureTheLinkAsItIsChecked(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), SceneStand.configuration(folder));

        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());

        assertEquals(List.of(), result.faults());
        assertEquals(6, result.settings().orElseThrow().services().size());
    }

    @Test
    void shouldConfigureTheTailDropAsItIsChecked(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), SceneStand.tailConfiguration(folder));

        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());

        assertEquals(List.of(), result.faults());
        assertFalse(result.settings().orElseThrow().qos().codel().enabled());
    }

    @Test
    void shouldShareTheWholeLinkOut() {
        assertEquals(
                List.of(20.0, 40.0, 25.0, 15.0),
                IntStream.range(0, Scene.CLASS_COUNT).mapToObj(Scene::expected).toList());
    }

    @Test
    void shouldHaveSixteenClientsOfWhichOneSendsTenTimesAsMuch() {
        String[] senders = Scene.FAIRNESS.groups(Shaper.HTB).getFirst().split(",");

        assertEquals(16, senders.length);
        assertTrue(senders[0].startsWith("198.18.0.101:8703:0:1400:"), senders[0]);
        long first = Long.parseLong(senders[0].split(":")[4]);
        long other = Long.parseLong(senders[15].split(":")[4]);
        assertEquals(10.0, (double) first / other, 1e-6);
        assertEquals(3, Scene.URGENT.groups(Shaper.OURS).getLast().split(":")[1].charAt(3) - '0');
    }

    /** Sends steadily for a little more than a turn. */
    private void sends(int sender, double mbits, long delayNs) {
        sends(sender, mbits, delayNs, 0);
    }

    private void sends(int sender, double mbits, long delayNs, int ecn) {
        double gapNs = BYTES * 8e3 / mbits;
        int sent = 0;
        for (; sent * gapNs < (SECONDS + 0.1) * 1e9; sent++) {
            long atNs = (long) (sent * gapNs);
            came.add(new Stamped(new WirePacket(atNs + delayNs, BYTES + 42, BYTES), sender, sent, atNs, ecn));
        }
        says(sender, sent, 0, mbits);
    }

    private void says(int sender, int sent, int refused, double offeredMbits) {
        load.merge("sent-" + sender, (double) sent, Double::sum);
        load.merge("refused-" + sender, (double) refused, Double::sum);
        load.merge("offered-" + sender, offeredMbits * 1e6, Double::sum);
    }

    private MixFound found() {
        came.sort(
                (one, other) -> Long.compare(one.packet().atNs(), other.packet().atNs()));
        return new MixFound(List.copyOf(came), new LoadAnswer(Map.copyOf(load)));
    }

    private String report(Scene scene, @Nullable MixFound idle) throws IOException {
        SceneFigures figures = SceneFigures.of(scene, Shaper.OURS, found(), idle, SECONDS);
        return new SceneReport(List.of(new SceneResult(scene, Shaper.OURS, 1, figures)))
                .lines()
                .toString();
    }

    @Test
    void shouldJudgeClassesByTheirGuaranteesAndShares() throws IOException {
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            sends(i, Scene.expected(i), 0);
        }
        String report = report(Scene.CLASSES, null);
        assertTrue(report.contains("P0 20.00, P1 40.00, P2 25.00, P3 15.00"), report);
        assertTrue(report.contains("verdict=met"), report);

        came.removeIf(one -> one.sender() == 3 && one.number() % 10 == 0);
        SceneFigures figures = SceneFigures.of(Scene.CLASSES, Shaper.OURS, found(), null, SECONDS);
        assertEquals(13.5, figures.get("p3-mbits"), 0.02);
        assertEquals(30, figures.get(SceneFigures.FARTHEST_SHARE), 0.4);
        assertTrue(report(Scene.CLASSES, null).contains("verdict=MISSED"));
    }

    @Test
    void shouldNotJudgeWhatNobodyAskedFor() throws IOException {
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            sends(i, Scene.expected(i), 0);
        }
        load.put("offered-2", 24.0 * 1e6);

        assertTrue(report(Scene.CLASSES, null).contains("each asked for 0.96 times that at the least"));
        assertTrue(report(Scene.CLASSES, null).contains("verdict=too little was sent to say"));
    }

    @Test
    void shouldJudgeWhatIsUrgentByTheDelayThatAFloodAdds() throws IOException {
        sends(Scene.URGENT_SENDER, 5, 50_000);
        MixFound idle = found();
        came.clear();
        load.clear();
        sends(Scene.URGENT_SENDER, 5, 950_000);
        says(Scene.FLOOD_SENDER, 1_000, 0, 300);
        String report = report(Scene.URGENT, idle);
        assertTrue(report.contains("50 µs idle, +900 µs beside the flood of 300 Mbit/s"), report);
        assertTrue(report.contains("lost 0, verdict=met"), report);

        came.removeLast();
        report = report(Scene.URGENT, idle);
        assertTrue(report.contains("lost 1, verdict=MISSED"), "the last one, too: " + report);

        says(Scene.FLOOD_SENDER, 0, 1_000, 0);
        report = report(Scene.URGENT, idle);
        assertTrue(report.contains("lost 1; "), "what was never sent is not lost: " + report);
        assertTrue(report.contains(" % never sent, for a full socket of the sender's, verdict=MISSED"), report);

        says(Scene.FLOOD_SENDER, 0, 0, -20);
        assertTrue(report(Scene.URGENT, idle).contains("verdict=too little was sent to say"));
    }

    @Test
    void shouldJudgeCodelByDelaysAndByWhoIsMarkedAndWhoLoses() throws IOException {
        sends(Scene.ECN_SENDER, 20, 5_000_000, 2);
        sends(Scene.PLAIN_SENDER, 20, 7_000_000);
        Stamped one = came.remove(100);
        came.add(new Stamped(one.packet(), one.sender(), one.number(), one.sentNs(), ReactingSender.CE));
        says(Scene.PLAIN_SENDER, 1, 0, 0);
        load.put("heard-" + Scene.ECN_SENDER, 1.0);
        String report = report(Scene.CODEL, null);
        assertTrue(report.contains("delay p50 7.0 ms, p95 7.0, longest 7.0; of 40 Mbit/s used 100"), report);
        assertTrue(
                report.contains("CE on 1 datagrams on the wire, 1 heard of, lost 0; without: CE on 0, lost 1"), report);
        assertTrue(report.contains("verdict=met"), report);

        says(Scene.ECN_SENDER, 1, 0, 0);
        report = report(Scene.CODEL, null);
        assertTrue(report.contains("heard of, lost 1;") && report.contains("verdict=MISSED"), report);
    }

    @Test
    void shouldJudgeFairnessByJainsIndex() throws IOException {
        for (int i = 0; i < Scene.CLIENTS; i++) {
            sends(i, 6, 0);
        }
        load.put("offered-0", 63e6);
        load.replaceAll((key, value) -> key.startsWith("offered") ? Math.max(value, 7e6) : value);
        String report = report(Scene.FAIRNESS, null);
        assertTrue(report.contains("Jain's index 1.00000") && report.contains("verdict=met"), report);

        sends(0, 6, 1);
        report = report(Scene.FAIRNESS, null);
        assertTrue(report.contains("has 2.000 times") && report.contains("verdict=MISSED"), report);
    }
}
