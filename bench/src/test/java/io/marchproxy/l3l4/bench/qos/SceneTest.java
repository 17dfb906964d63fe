package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scene asks for, and what is made of what came. */
class SceneTest {
    private static final double SECONDS = 2;
    private static final int BYTES = 1_000;

    private final List<Stamped> came = new ArrayList<>();

    @Test
    void shouldConfigureTheLinkAsItIsChecked(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), SceneStand.configuration(folder));

        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());

        assertEquals(List.of(), result.faults());
        assertEquals(5, result.settings().orElseThrow().services().size());
    }

    @Test
    void shouldShareTheWholeLinkOut() {
        assertEquals(
                List.of(20.0, 40.0, 25.0, 15.0),
                IntStream.range(0, Scene.CLASS_COUNT).mapToObj(Scene::expected).toList());
    }

    @Test
    void shouldHaveSixteenClientsOfWhichOneSendsTenTimesAsMuch() {
        String[] senders = Scene.FAIRNESS.groups(true).getFirst().split(",");

        assertEquals(16, senders.length);
        assertTrue(senders[0].startsWith("198.18.0.101:8703:0:1400:"), senders[0]);
        long first = Long.parseLong(senders[0].split(":")[4]);
        long other = Long.parseLong(senders[15].split(":")[4]);
        assertEquals(10.0, (double) first / other, 1e-6);
        assertEquals(3, Scene.URGENT.groups(false).getLast().split(":")[1].charAt(3) - '0');
    }

    /** Sends steadily for a little more than a turn. */
    private void sends(int sender, double mbits, long delayNs) {
        double gapNs = BYTES * 8e3 / mbits;
        for (int i = 0; i * gapNs < (SECONDS + 0.1) * 1e9; i++) {
            long atNs = (long) (i * gapNs);
            came.add(new Stamped(new WirePacket(atNs + delayNs, BYTES + 42, BYTES), sender, i, atNs));
        }
    }

    private String report(Scene scene, List<Stamped> idle) throws IOException {
        came.sort(
                (one, other) -> Long.compare(one.packet().atNs(), other.packet().atNs()));
        SceneFigures figures = SceneFigures.of(scene, Shaper.OURS, came, idle, SECONDS);
        return new SceneReport(List.of(new SceneResult(scene, Shaper.OURS, 1, figures)))
                .lines()
                .toString();
    }

    @Test
    void shouldJudgeClassesByTheirGuaranteesAndShares() throws IOException {
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            sends(i, Scene.expected(i), 0);
        }
        String report = report(Scene.CLASSES, List.of());
        assertTrue(report.contains("P0 20.00, P1 40.00, P2 25.00, P3 15.00"), report);
        assertTrue(report.contains("verdict=met"), report);

        came.removeIf(one -> one.sender() == 3 && one.number() % 10 == 0);
        SceneFigures figures = SceneFigures.of(Scene.CLASSES, Shaper.OURS, came, List.of(), SECONDS);
        assertEquals(13.5, figures.get("p3-mbits"), 0.02);
        assertEquals(30, figures.get(SceneFigures.FARTHEST_SHARE), 0.4);
        assertTrue(report(Scene.CLASSES, List.of()).contains("verdict=MISSED"));
    }

    @Test
    void shouldJudgeWhatIsUrgentByTheDelayThatAFloodAdds() throws IOException {
        sends(Scene.URGENT_SENDER, 5, 50_000);
        List<Stamped> idle = List.copyOf(came);
        came.clear();
        sends(Scene.URGENT_SENDER, 5, 950_000);
        String report = report(Scene.URGENT, idle);
        assertTrue(report.contains("50 µs idle, +900 µs beside the flood"), report);
        assertTrue(report.contains("lost 0, verdict=met"), report);

        came.remove(100);
        report = report(Scene.URGENT, idle);
        assertTrue(report.contains("lost 1, verdict=MISSED"), report);
    }

    @Test
    void shouldJudgeFairnessByJainsIndex() throws IOException {
        for (int i = 0; i < Scene.CLIENTS; i++) {
            sends(i, 6, 0);
        }
        String report = report(Scene.FAIRNESS, List.of());
        assertTrue(report.contains("Jain's index 1.00000") && report.contains("verdict=met"), report);

        sends(0, 6, 1);
        report = report(Scene.FAIRNESS, List.of());
        assertTrue(report.contains("has 2.000 times") && report.contains("verdict=MISSED"), report);
    }
}
