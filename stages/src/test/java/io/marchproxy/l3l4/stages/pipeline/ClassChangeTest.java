package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Other rules, or another class of a service, while packets wait: what waits goes over to its new class in order, and what comes
 * afterwards is of it, too, so that a flow that is always held back changes its class at once. P3 has a byte in 1,000 ns, P2 ten times as
 * much; P0 and P1 have no limit.
 */
class ClassChangeTest {
    private static final int ANY = -1;
    private static final long MILLI_NS = 1_000_000;
    private static final int BOUND = 5;
    private static final RateLimit SLOW = new RateLimit(8_000_000, 1_500);
    private static final RateLimit FAST = new RateLimit(80_000_000, 1_500);

    private long version = 1;
    private long number;

    private static ClassifyRule of(int trafficClass) {
        return rule(trafficClass, ANY, null, null);
    }

    private static ClassifyRule rule(
            int trafficClass, int egressDscp, @Nullable NumberRange length, @Nullable NumberRange flows) {
        return new ClassifyRule(
                ANY, null, null, null, ANY, ANY, ANY, ANY, ANY, trafficClass, egressDscp, length, flows);
    }

    private static ClassifyRule ofPort(int port, int trafficClass) {
        return new ClassifyRule(ANY, null, null, null, port, port, ANY, ANY, ANY, trafficClass, ANY, null, null);
    }

    private PipelineSettings settings(ClassifyRule... rules) {
        return settings(TestSettings.services(), List.of(), rules);
    }

    private PipelineSettings settings(
            List<ServiceProfile> services, List<PoliceSettings> policing, ClassifyRule... rules) {
        PipelineSettings initial = TestSettings.initial();
        List<ClassLimits> classes = List.of(
                new ClassLimits(100, RateLimit.NONE),
                new ClassLimits(100, RateLimit.NONE),
                new ClassLimits(BOUND, FAST),
                new ClassLimits(100, SLOW));
        return new PipelineSettings(
                version++,
                "hash",
                new ClassifySettings(services, List.of(rules)),
                new ShapeSettings(RateLimit.NONE, classes, List.of(), 1, CodelSettings.OFF, policing),
                initial.mark(),
                initial.route());
    }

    private static List<String> reload(Bench bench, PipelineSettings settings) {
        bench.make(EventKind.CONFIG, 0).endpoint(settings);
        return bench.send();
    }

    private List<String> datagram(Bench bench, int port, int bytes) {
        bench.datagram(TestSettings.GAME, port, bytes).argument0(++number);
        return bench.send();
    }

    private List<String> of(Bench bench, EventKind kind, long flow, Direction direction, int bytes) {
        bench.of(kind, flow, direction).argument0(++number);
        bench.event.lengthBytes(bytes);
        return bench.send();
    }

    private long stream(Bench bench) {
        bench.open(TestSettings.WEB, 5000);
        bench.sendOne();
        return bench.flowRef();
    }

    private static long moved(Bench bench, int service, int trafficClass) {
        TrafficBooks books = bench.pipeline.books();
        return books.movedBytes(service, trafficClass, Direction.TO_BACKEND)
                + books.movedBytes(service, trafficClass, Direction.TO_CLIENT);
    }

    private static long held(Bench bench, int service, int trafficClass) {
        return bench.pipeline.books().heldBytes(service, trafficClass, Direction.TO_BACKEND);
    }

    @Test
    void shouldHaveWhatWaitsLeaveByItsNewClassAndItsCodePoint() {
        Bench bench = new Bench(settings(of(3)));
        assertEquals(1, datagram(bench, 5000, 1_500).size());
        for (int i = 0; i < 3; i++) {
            assertEquals(List.of(), datagram(bench, 5000, 1_000));
        }

        List<String> atOnce = reload(bench.after(1_000), settings(ofPort(1, 3), of(2)));
        assertEquals(List.of("forward DATA ▶ P2 dscp 18 backend 20 rule 2 released 1000 1000 B"), atOnce);
        assertEquals(2_000, held(bench, TestSettings.GAME, 2));
        assertEquals(0, held(bench, TestSettings.GAME, 3));
        assertEquals(3_000, moved(bench, TestSettings.GAME, 2));
        assertEquals(-3_000, moved(bench, TestSettings.GAME, 3));
        // Of 1,500 bytes 500 are left, and then a byte comes in 100 ns.
        assertEquals(
                List.of(
                        "forward DATA ▶ P2 dscp 18 backend 20 rule 2 released 51000 1000 B",
                        "forward DATA ▶ P2 dscp 18 backend 20 rule 2 released 151000 1000 B"),
                bench.advanceTo(MILLI_NS));
    }

    @Test
    void shouldHoldAStreamBackByItsNewClassThoughItNeverPauses() {
        Bench bench = new Bench(settings(of(2)));
        long stream = stream(bench);
        for (int i = 0; i < 5; i++) {
            of(bench, EventKind.DATA, stream, Direction.TO_BACKEND, 1_500);
        }
        assertEquals(6_000, held(bench, TestSettings.WEB, 2));

        assertEquals(1, reload(bench.after(1_000), settings(of(3))).size(), "the burst of P3");
        for (int i = 0; i < 20; i++) {
            // As much comes as leaves, so that something always waits.
            assertEquals(List.of(), of(bench, EventKind.DATA, stream, Direction.TO_BACKEND, 1_500));
            List<String> left = bench.advanceTo(bench.nowNs() + 1_500_000);
            assertEquals(1, left.size(), "a byte in 1,000 ns: " + left);
            assertTrue(left.getFirst().startsWith("forward DATA ▶ P3 dscp 0 "), left.getFirst());
            assertEquals(4_500, held(bench, TestSettings.WEB, 3));
        }
        assertEquals(6_000, moved(bench, TestSettings.WEB, 3), "only what waited at the reload was moved");
    }

    @Test
    void shouldMoveBothDirectionsAndTheEndOfAStreamBehindItsBytes() {
        Bench bench = new Bench(settings(of(3)));
        long stream = stream(bench);
        for (Direction direction : Direction.values()) {
            of(bench, EventKind.DATA, stream, direction, 1_500);
            for (int i = 0; i < 2; i++) {
                assertEquals(List.of(), of(bench, EventKind.DATA, stream, direction, 1_000));
            }
        }
        assertEquals(List.of(), of(bench, EventKind.FIN, stream, Direction.TO_BACKEND, 0));

        assertEquals(
                List.of(
                        "forward DATA ▶ P0 dscp 46 backend 1 rule 1 released 7 1000 B",
                        "forward DATA ▶ P0 dscp 46 backend 1 rule 1 released 7 1000 B",
                        "forward FIN ▶ P0 dscp 46 backend 1 rule 1 released 7",
                        "forward DATA ◀ P0 dscp 46 backend 1 rule 1 released 7 1000 B",
                        "forward DATA ◀ P0 dscp 46 backend 1 rule 1 released 7 1000 B"),
                reload(bench.after(7), settings(of(0))));
        assertEquals(4_000, moved(bench, TestSettings.WEB, 0));
    }

    @Test
    void shouldMoveWhatWaitsWhenAServiceHasAnotherClass() {
        Bench bench = new Bench(settings());
        for (int i = 0; i < 4; i++) {
            datagram(bench, 5000, 1_000);
        }
        assertEquals(3_000, held(bench, TestSettings.GAME, 3));
        List<ServiceProfile> services = TestSettings.services().stream()
                .map(one -> one.id() != TestSettings.GAME
                        ? one
                        : new ServiceProfile(
                                one.id(), one.name(), one.protocol(), true, 1, one.idleTimeoutNs(), 4, true, 0))
                .toList();
        List<String> left = reload(bench.after(1), settings(services, List.of()));
        assertEquals(3, left.size(), left.toString());
        assertEquals("forward DATA ▶ P1 dscp 34 backend 20 released 1 1000 B", left.getFirst());
    }

    @Test
    void shouldLeaveOthersOfTheClientWhereTheyAre() {
        Bench bench = new Bench(settings(of(3)));
        datagram(bench, 5000, 1_500);
        for (int i = 0; i < 3; i++) {
            datagram(bench, 5000, 1_000);
            datagram(bench, 6000, 1_000);
        }
        List<String> moved = reload(bench.after(1), settings(ofPort(6000, 1), of(3)));
        assertEquals(3, moved.size(), moved.toString());
        assertTrue(moved.stream().allMatch(line -> line.contains(" P1 ")), moved.toString());
        assertEquals(3_000, held(bench, TestSettings.GAME, 3));
        assertEquals(3, bench.advanceTo(4 * MILLI_NS).size());
    }

    @Test
    void shouldDropNothingThatMovesThoughItsNewClassMayHoldLess() {
        Bench bench = new Bench(settings(of(3)));
        datagram(bench, 5000, 1_500);
        for (int i = 0; i < 4 * BOUND; i++) {
            assertEquals(List.of(), datagram(bench, 5000, 1_000));
        }
        assertEquals(1, reload(bench.after(1), settings(of(2))).size());
        assertEquals(19_000, held(bench, TestSettings.GAME, 2), "19 where 5 may wait");
        assertEquals("drop QUEUE_FULL", datagram(bench, 5000, 10).getFirst().substring(0, 15));
        List<String> left = bench.advanceTo(100_000L * (4 * BOUND - 3));
        assertEquals(4 * BOUND - 3, left.size());
        assertTrue(left.stream().allMatch(line -> line.startsWith("forward")), left.toString());
        assertEquals(List.of(), datagram(bench, 5000, 10), "where 2 wait, there is room");
        assertEquals(3, bench.advanceTo(100 * MILLI_NS).size(), "none of them is lost");
    }

    @Test
    void shouldHaveTheFirstThatWaitsDecideWhereRulesLookAtPackets() {
        ClassifyRule longOnes = rule(3, ANY, new NumberRange(600, 100_000), null);
        Bench bench = new Bench(settings(of(2)));
        datagram(bench, 5000, 1_500);
        assertEquals(List.of(), datagram(bench, 5000, 1_000));
        assertEquals(List.of(), datagram(bench, 5000, 10));

        assertEquals(
                List.of("forward DATA ▶ P3 dscp 0 backend 20 rule 1 released 1 1000 B"),
                reload(bench.after(1), settings(longOnes, of(0))),
                "10 bytes are of P0, and must not overtake");
        assertEquals(List.of(), datagram(bench, 5000, 1_000), "of P3");
        assertEquals(List.of(), datagram(bench, 5000, 20), "of P0, and behind");
        long moved = moved(bench, TestSettings.GAME, 3);
        assertEquals(1_010, moved);
        assertEquals(3, bench.advanceTo(10 * MILLI_NS).size());
        assertEquals(
                "forward DATA ▶ P0 dscp 46 backend 20 rule 2 30 B",
                datagram(bench, 5000, 30).getFirst());
        assertEquals(moved, moved(bench, TestSettings.GAME, 3), "packets move nothing");
    }

    @Test
    void shouldNotAskAgainForAFlowOfWhichSomethingWaitsSinceTheReload() {
        Bench bench = new Bench(settings(of(3)));
        datagram(bench, 5000, 1_500);
        datagram(bench, 5000, 1_000);
        PipelineSettings byFlows = settings(rule(1, ANY, null, new NumberRange(1, 100)), of(2));
        reload(bench, byFlows);
        assertEquals(1_000, held(bench, TestSettings.GAME, 2) + leftBytes(bench, 2), "its client has no other flow");

        bench = new Bench(settings(of(3)));
        datagram(bench, 5000, 1_500);
        for (int i = 0; i < 3; i++) {
            datagram(bench, 5000, 1_000);
        }
        reload(bench.after(1), byFlows);
        assertEquals(1, datagram(bench.after(1), 6000, 10).size(), "another flow, of P1");
        assertEquals(List.of(), datagram(bench, 5000, 10), "by its second flow it would be of P1");
        assertEquals(2_010, held(bench, TestSettings.GAME, 2));
        bench.advanceTo(MILLI_NS);
        assertTrue(datagram(bench, 5000, 10).getFirst().contains(" P2 "), "decided");
    }

    private static long leftBytes(Bench bench, int trafficClass) {
        return bench.pipeline.books().outBytes(TestSettings.GAME, trafficClass, Direction.TO_BACKEND);
    }

    @Test
    void shouldKeepWhatAPolicerMarked() {
        int af12 = 12;
        PoliceSettings police = new PoliceSettings(
                0, 0, new RateLimit(8_000_000, 2_000), 0, RateLimit.NONE, PoliceSettings.PASS, af12, af12);
        Bench bench = new Bench(settings(TestSettings.services(), List.of(police), of(3)));
        datagram(bench, 5000, 1_500);
        assertEquals(List.of(), datagram(bench, 5000, 100), "conforms");
        assertEquals(List.of(), datagram(bench, 5000, 1_000), "exceeds");
        int own = 10;
        List<String> left =
                reload(bench.after(1), settings(TestSettings.services(), List.of(police), rule(1, own, null, null)));
        assertEquals(
                List.of("dscp 10", "dscp 12"),
                left.stream()
                        .map(line -> line.replaceAll(".*(dscp \\d+).*", "$1"))
                        .toList());
    }

    @Test
    void shouldLeaveWhatOutlivedItsFlow() {
        Bench bench = new Bench(settings(of(3)));
        long stream = stream(bench);
        of(bench, EventKind.DATA, stream, Direction.TO_BACKEND, 1_500);
        of(bench, EventKind.DATA, stream, Direction.TO_BACKEND, 1_000);
        assertTrue(of(bench, EventKind.RESET, stream, Direction.TO_BACKEND, 0)
                .getFirst()
                .startsWith("forward RESET"));
        long another = stream(bench);
        of(bench, EventKind.DATA, another, Direction.TO_BACKEND, 1_000);

        List<String> left = reload(bench.after(1), settings(of(1)));
        assertEquals(List.of("forward DATA ▶ P1 dscp 34 backend 2 rule 1 released 1 1000 B"), left);
        assertEquals(1_000, held(bench, TestSettings.WEB, 3));
        assertTrue(bench.advanceTo(MILLI_NS).getFirst().startsWith("drop FLOW_GONE DATA ▶ P3"));
    }

    @Test
    void shouldMoveNothingWhenRulesStayWhatTheyAre() {
        Bench bench = new Bench(settings(of(3)));
        for (int i = 0; i < 4; i++) {
            datagram(bench, 5000, 1_000);
        }
        assertEquals(List.of(), reload(bench.after(1), settings(of(3))));
        assertEquals(List.of(), reload(bench.after(1), settings(ofPort(1, 0), of(3))), "the same class by other rules");
        assertEquals(0, moved(bench, TestSettings.GAME, 3));
        List<String> left = bench.advanceTo(10 * MILLI_NS);
        assertEquals(3, left.size());
        assertTrue(left.stream().allMatch(line -> line.contains(" P3 dscp 0 backend 20 rule 2 ")), left.toString());
    }

    @Test
    void shouldKeepTheOrderThroughManyReloads() {
        Bench bench = new Bench(settings(of(3)));
        long stream = stream(bench);
        int sent = 0;
        int left = 0;
        for (int i = 0; i < 200; i++) {
            int trafficClass = IntStream.of(3, 2, 3, 2, 3, 0).toArray()[i % 6];
            left += reload(bench, settings(of(trafficClass))).size();
            for (int j = 0; j < 3; j++) {
                left += of(bench, EventKind.DATA, stream, Direction.TO_BACKEND, 400 + j)
                        .size();
                sent++;
            }
            left += bench.advanceTo(bench.nowNs() + 50_000).size();
        }
        // That none has overtaken another, and that each class's books balance, the bench looks at with each packet.
        left += bench.advanceTo(bench.nowNs() + 1_000 * MILLI_NS).size();
        assertEquals(sent, left);
        PacketDescriptor last = bench.event;
        assertEquals(stream, last.flowRef());
    }
}
