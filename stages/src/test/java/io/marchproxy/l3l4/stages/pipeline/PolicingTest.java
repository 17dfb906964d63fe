package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.Color;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStage;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What rules drop and mark that police: each direction by its own meter, and never a byte out of a stream. */
class PolicingTest {
    private static final int ANY = -1;
    private static final int AF12 = 12;

    /** A byte in 1,000 ns. */
    private static final RateLimit RATE = new RateLimit(8_000_000, 2_000);

    private static final ClassifyRule ALL = new ClassifyRule(ANY, null, null, null, ANY, ANY, ANY, ANY, ANY, 2, ANY);
    private static final ClassifyRule HIGH_PORTS =
            new ClassifyRule(ANY, null, null, null, 6_000, 7_000, ANY, ANY, ANY, 1, ANY);

    private static PoliceSettings police(int place, long excessBytes, RateLimit peak, int exceed, int violate) {
        return new PoliceSettings(0, place, RATE, excessBytes, peak, PoliceSettings.PASS, exceed, violate);
    }

    private static final PoliceSettings DROPPING =
            police(0, 0, RateLimit.NONE, PoliceSettings.DROP, PoliceSettings.DROP);

    private static PipelineSettings settings(List<ClassifyRule> rules, int shards, PoliceSettings... policing) {
        PipelineSettings initial = TestSettings.initial();
        ShapeSettings shape = initial.shape();
        return new PipelineSettings(
                1,
                "hash",
                new ClassifySettings(TestSettings.services(), rules),
                new ShapeSettings(
                        shape.link(), shape.classes(), List.of(), shards, CodelSettings.OFF, List.of(policing)),
                initial.mark(),
                initial.route());
    }

    private static String send(Bench bench, int bytes) {
        return send(bench, 6_500, bytes);
    }

    private static String send(Bench bench, int port, int bytes) {
        bench.datagram(TestSettings.GAME, port, bytes);
        String line = bench.sendOne();
        return line.startsWith("drop") ? line.split(" ")[1] : line.replaceAll(".*dscp (\\d+) .*", "$1");
    }

    private static long packets(Bench bench, Color color) {
        return bench.pipeline.policed().packets(0, Direction.TO_BACKEND, color);
    }

    @Test
    void shouldDropWhatExceedsTheRateWithAReasonOfItsOwn() {
        Bench bench = new Bench(settings(List.of(ALL), 1, DROPPING));

        assertEquals("18", send(bench, 1_500));
        assertEquals("POLICED", send(bench, 501));
        assertEquals("18", send(bench, 500));
        assertEquals("POLICED", send(bench, 1));
        bench.after(1_000);
        assertEquals("18", send(bench, 1));

        assertEquals(3, packets(bench, Color.GREEN));
        assertEquals(2, packets(bench, Color.YELLOW));
        assertEquals(502, bench.pipeline.policed().bytes(0, Direction.TO_BACKEND, Color.YELLOW));
        assertEquals(
                2,
                bench.pipeline.books().droppedPackets(TestSettings.GAME, 2, Direction.TO_BACKEND, DropReason.POLICED));
    }

    @Test
    void shouldPoliceEachDirectionByItself() {
        Bench bench = new Bench(settings(List.of(ALL), 1, DROPPING));
        assertEquals("18", send(bench, 2_000));
        long flow = bench.flowRef();
        bench.of(EventKind.DATA, flow, Direction.TO_CLIENT).lengthBytes(2_000);
        assertTrue(bench.sendOne().startsWith("forward"));
        bench.of(EventKind.DATA, flow, Direction.TO_CLIENT).lengthBytes(1);
        assertTrue(bench.sendOne().startsWith("drop POLICED"));
    }

    @Test
    void shouldRemarkAndDropByTwoRates() {
        Bench bench = new Bench(
                settings(List.of(ALL), 1, police(0, 0, new RateLimit(16_000_000, 3_000), AF12, PoliceSettings.DROP)));

        assertEquals("18", send(bench, 2_000));
        assertEquals("12", send(bench, 1_000));
        assertEquals("POLICED", send(bench, 1));
        bench.after(1_000_000);
        assertEquals("18", send(bench, 1_000));
        assertEquals("12", send(bench, 1_000));
        assertEquals(1, packets(bench, Color.RED));
        assertEquals(2, packets(bench, Color.YELLOW));
    }

    @Test
    void shouldTellExcessFromViolationByTheExcessBurst() {
        Bench bench = new Bench(settings(List.of(ALL), 1, police(0, 1_000, RateLimit.NONE, AF12, PoliceSettings.DROP)));

        assertEquals("18", send(bench, 2_000));
        assertEquals("12", send(bench, 1_000));
        assertEquals("POLICED", send(bench, 1));
    }

    @Test
    void shouldLetStreamsBeWhereItDrops() {
        Bench bench = new Bench(settings(List.of(ALL), 1, DROPPING));
        bench.open(TestSettings.WEB, 6_500);
        bench.sendOne();
        long flow = bench.flowRef();
        for (int i = 0; i < 5; i++) {
            bench.of(EventKind.DATA, flow, Direction.TO_BACKEND).lengthBytes(2_000);
            assertTrue(bench.sendOne().startsWith("forward DATA"), "no byte of a stream is dropped");
        }
        assertEquals("18", send(bench, 2_000), "and none used up what datagrams may have");
    }

    @Test
    void shouldMarkStreamsAnew() {
        Bench bench = new Bench(settings(List.of(ALL), 1, police(0, 0, RateLimit.NONE, AF12, PoliceSettings.DROP)));
        bench.open(TestSettings.WEB, 6_500);
        bench.sendOne();
        long flow = bench.flowRef();
        bench.of(EventKind.DATA, flow, Direction.TO_BACKEND).lengthBytes(2_000);
        assertTrue(bench.sendOne().contains("dscp 18"));
        bench.of(EventKind.DATA, flow, Direction.TO_BACKEND).lengthBytes(1);
        assertTrue(bench.sendOne().contains("dscp 12"));
    }

    /** A run that is larger than the burst, and a share of it that is smaller than a packet. */
    @Test
    void shouldLetWhatIsLargerThanTheBurstPassWhenItIsFullAndHoldTheRate() {
        Bench bench = new Bench(settings(List.of(ALL), 8, DROPPING));
        // A burst of 250 bytes, and a byte in 8,000 ns, on this shard.
        long passed = 0;
        for (int i = 0; i < 10_000; i++) {
            passed += send(bench.after(1_000_000), 1_000).equals("18") ? 1_000 : 0;
        }
        assertTrue(Math.abs(passed - 1_250_000) <= 1_250, "passed " + passed);
    }

    @Test
    void shouldGoOnByItsShareUntilItIsToldAnother() {
        Bench bench = new Bench(settings(List.of(ALL), 2, DROPPING));
        assertEquals("18", send(bench, 1_000));
        assertEquals("POLICED", send(bench, 1));
        bench.make(EventKind.QUOTA, 0).direction(Direction.TO_BACKEND);
        ShareOf.POLICER.writeTo(bench.event, 0, ShareOf.WHOLE);
        bench.send();
        assertEquals("POLICED", send(bench, 1), "a share brings no tokens");
        bench.after(2_000_000);
        assertEquals("18", send(bench, 2_000));
        assertEquals("POLICED", send(bench, 1));
    }

    @Test
    void shouldStayWithItsRuleOverAReload() {
        Bench bench = new Bench(settings(List.of(HIGH_PORTS, ALL), 1, DROPPING));
        assertTrue(send(bench, 2_000).equals("34"));
        bench.after(1)
                .make(EventKind.CONFIG, 0)
                .endpoint(settings(
                        List.of(EARLIER, HIGH_PORTS, ALL),
                        1,
                        police(1, 0, RateLimit.NONE, PoliceSettings.DROP, PoliceSettings.DROP)));
        bench.send();
        assertEquals("POLICED", send(bench.after(1_000), 2), "what it spent before is spent");
        assertEquals(1, packets(bench, Color.GREEN));

        bench.after(1).make(EventKind.CONFIG, 0).endpoint(settings(List.of(HIGH_PORTS, ALL), 1));
        bench.send();
        assertEquals("34", send(bench.after(1), 50_000), "no rule polices");
        bench.after(1).make(EventKind.CONFIG, 0).endpoint(settings(List.of(HIGH_PORTS, ALL), 1, DROPPING));
        bench.send();
        assertEquals("34", send(bench.after(1), 2_000), "it begins anew");
        assertEquals(2, packets(bench, Color.GREEN), "but what was counted stays");
    }

    private static final ClassifyRule EARLIER = new ClassifyRule(ANY, null, null, null, 1, 2, ANY, ANY, ANY, 0, ANY);

    @Test
    void shouldGoOnWhereAnotherWas() {
        for (PoliceSettings one : List.of(
                police(0, 1_000, RateLimit.NONE, AF12, PoliceSettings.DROP),
                police(0, 0, new RateLimit(16_000_000, 3_000), AF12, PoliceSettings.DROP))) {
            PipelineSettings settings = settings(List.of(ALL), 2, one);
            Bench bench = new Bench(settings);
            bench.make(EventKind.QUOTA, 0).direction(Direction.TO_BACKEND);
            ShareOf.POLICER.writeTo(bench.event, 0, ShareOf.WHOLE);
            bench.send();
            send(bench.after(3_000_000), 1_700);
            SavedState saved = new SavedState();
            bench.pipeline.save(saved);
            Bench other = new Bench(settings, new ShapeStage(settings.shape(), bench.flows), bench.flows);
            other.pipeline.restore(saved.read());
            assertTrue(saved.isEmpty());
            // Both see the same flow table; the other's flow begins with it.
            for (int bytes : new int[] {301, 300, 1_000, 1, 700}) {
                assertEquals(send(bench.after(100_000), bytes), send(other.at(bench.nowNs()), 6_501, bytes));
            }
        }
    }

    @Test
    void shouldRefuseNonsense() {
        RateLimit lower = new RateLimit(8_000, 2_000);
        assertThrows(IllegalArgumentException.class, () -> police(0, 0, lower, AF12, AF12));
        assertThrows(IllegalArgumentException.class, () -> police(0, 1, RATE, AF12, AF12));
        assertThrows(IllegalArgumentException.class, () -> police(0, 0, RateLimit.NONE, 64, AF12));
        assertThrows(IllegalArgumentException.class, () -> police(-1, 0, RateLimit.NONE, AF12, AF12));
    }
}
