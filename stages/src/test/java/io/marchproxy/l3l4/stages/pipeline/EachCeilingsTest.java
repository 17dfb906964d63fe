package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ceilings of each client and connection, what is counted as borrowed, and reloads that lose nothing that waits. */
class EachCeilingsTest {
    /** A byte in 1,000 ns, 1,000 bytes at once. */
    private static final RateLimit RATE = new RateLimit(8_000_000, 1_000);

    private static final RateLimit NONE = RateLimit.NONE;
    private static final int SERVICE = TestSettings.GAME;

    private long argument;

    private static PipelineSettings settings(RateLimit link, ClassLimits classes, ServiceLimits limits) {
        PipelineSettings initial = TestSettings.initial();
        List<ServiceLimits> services = new ArrayList<>(List.of(ServiceLimits.NONE, ServiceLimits.NONE));
        services.add(limits);
        return new PipelineSettings(
                1,
                "hash",
                new ClassifySettings(TestSettings.services(), List.of()),
                new ShapeSettings(link, List.of(classes, classes, classes, classes), services, 1),
                initial.mark(),
                initial.route());
    }

    private static PipelineSettings settings(EachLimits each) {
        return settings(NONE, new ClassLimits(100, NONE), ServiceLimits.NONE.with(each));
    }

    private boolean passes(Bench bench, int client, int port, int bytes) {
        bench.datagram(SERVICE, port, bytes).sourceLow(TestPackets.ipv4(10, 0, 0, client));
        bench.event.argument0(++argument);
        return bench.send().stream().anyMatch(line -> line.startsWith("forward DATA"));
    }

    @Test
    void shouldHoldEachClientToItsCeilingAndNobodyElse() {
        Bench bench = new Bench(settings(new EachLimits(RATE, NONE, NONE, NONE)));

        assertTrue(passes(bench, 1, 5_000, 600));
        assertEquals(false, passes(bench, 1, 5_001, 600), "another session of the same client");
        assertTrue(passes(bench, 2, 5_000, 1_000), "another client");
        long flow = bench.flowRef();
        bench.of(EventKind.DATA, flow, Direction.TO_CLIENT).lengthBytes(50_000);
        assertEquals(1, bench.send().size(), "the other direction has no ceiling");
        assertEquals(List.of(), bench.advanceTo(199_999));
        assertEquals(1, bench.advanceTo(200_000).size(), "200 bytes later");
    }

    @Test
    void shouldHoldEachConnectionToItsCeiling() {
        Bench bench = new Bench(settings(new EachLimits(NONE, NONE, RATE, NONE)));

        assertTrue(passes(bench, 1, 5_000, 1_000));
        assertEquals(false, passes(bench, 1, 5_000, 500));
        assertTrue(passes(bench, 1, 5_001, 1_000), "another session of the same client");
        assertEquals(false, passes(bench, 1, 5_001, 100));
        List<String> left = bench.advanceTo(100_000);
        assertEquals(1, left.size());
        assertTrue(left.getFirst().contains("100 B"), "nobody waits for another's ceiling");
        assertEquals(1, bench.advanceTo(500_000).size());
    }

    /** They wait for one bucket: who goes on first when it opens is whose turn it is, not who came first. */
    @Test
    void shouldGiveConnectionsOfOneClientTurnsAtItsCeiling() {
        Bench bench = new Bench(settings(new EachLimits(RATE, NONE, new RateLimit(80_000_000, 1_000), NONE)));
        int[] left = new int[3];
        for (int i = 0; i < 90; i++) {
            passes(bench, 1, 5_000 + i % 3, 998 + i % 3); // they are known by their lengths
        }
        for (String line : bench.advanceTo(60_000_000)) {
            left[Integer.parseInt(line.replaceAll(".* ([0-9]+) B.*", "$1")) - 998]++;
        }
        for (int packets : left) {
            assertEquals(20, packets, 1, () -> Arrays.toString(left));
        }
    }

    @Test
    void shouldHoldStreamsAndTheirEnds() {
        EachLimits each = new EachLimits(NONE, NONE, NONE, RATE);
        PipelineSettings initial = TestSettings.initial();
        Bench bench = new Bench(new PipelineSettings(
                1,
                "hash",
                initial.classify(),
                new ShapeSettings(NONE, initial.shape().classes(), List.of(ServiceLimits.NONE.with(each)), 1),
                initial.mark(),
                initial.route()));
        bench.open(TestSettings.WEB, 5_000);
        bench.sendOne();
        long stream = bench.flowRef();
        bench.of(EventKind.DATA, stream, Direction.TO_CLIENT).lengthBytes(1_000);
        assertEquals(1, bench.send().size());
        for (int i = 0; i < 100; i++) {
            bench.of(EventKind.DATA, stream, Direction.TO_CLIENT).lengthBytes(1_000);
            assertEquals(List.of(), bench.send(), "it is held, and not dropped");
        }
        bench.of(EventKind.FIN, stream, Direction.TO_CLIENT);
        assertEquals(List.of(), bench.send());
        List<String> left = bench.advanceTo(100_000_000);
        assertEquals(101, left.size());
        assertTrue(left.getLast().startsWith("forward FIN"));
    }

    @Test
    void shouldGiveAClientNoBurstForComingAgain() {
        Bench bench = new Bench(settings(new EachLimits(RATE, NONE, NONE, NONE)));
        assertTrue(passes(bench, 1, 5_000, 1_000));
        // Many others come, so that what is idle is taken out.
        for (int i = 2; i < 250; i++) {
            assertTrue(passes(bench, i, 5_000, 1));
            bench.advanceTo(bench.nowNs() + 2_000);
        }
        assertEquals(false, passes(bench, 1, 5_001, 600), "half a millisecond brought 496 bytes");
    }

    @Test
    void shouldCountWhatIsBorrowed() {
        RateLimit guarantee = RATE;
        Bench bench = new Bench(settings(
                new RateLimit(80_000_000, 100_000),
                new ClassLimits(100, NONE),
                new ServiceLimits(guarantee, NONE, NONE)));
        assertTrue(passes(bench, 1, 5_000, 1_000));
        assertTrue(passes(bench, 1, 5_000, 700));
        assertTrue(passes(bench, 1, 5_000, 700));
        TrafficBooks books = bench.pipeline.books();
        assertEquals(1_400, books.borrowedBytes(SERVICE, 3, Direction.TO_BACKEND));
        assertEquals(2, books.borrowedPackets(SERVICE, 3, Direction.TO_BACKEND));
        bench.datagram(TestSettings.DNS, 5_000, 97_000);
        bench.send();
        assertEquals(0, books.borrowedBytes(TestSettings.DNS, 0, Direction.TO_BACKEND), "it has no guarantee");
        for (int i = 0; i < 10; i++) {
            assertEquals(false, passes(bench, 1, 5_000, 1_000));
        }
        bench.advanceTo(10_000_000);
        // Of the ten, those that found something left of the guarantee did not borrow.
        long borrowed = books.borrowedBytes(SERVICE, 3, Direction.TO_BACKEND) - 1_400;
        assertTrue(borrowed > 5_000 && borrowed < 10_000, "borrowed " + borrowed);
    }

    @Test
    void shouldLoseNothingThatWaitsWhenCeilingsRatesAndGuaranteesChange() {
        List<PipelineSettings> all = List.of(
                settings(new EachLimits(RATE, NONE, NONE, NONE)),
                settings(new EachLimits(NONE, NONE, RATE, NONE)),
                settings(new EachLimits(RATE, NONE, RATE, NONE)),
                settings(NONE, new ClassLimits(3, RATE), ServiceLimits.NONE),
                settings(
                        RATE,
                        new ClassLimits(100, NONE),
                        new ServiceLimits(new RateLimit(1_000_000, 1_000), RATE, NONE)
                                .with(new EachLimits(RATE, RATE, RATE, RATE))),
                settings(EachLimits.NONE));
        Bench bench = new Bench(all.getFirst());
        int sent = 0;
        long left = 0;
        for (int round = 1; round <= 60; round++) {
            for (int i = 0; i < 5; i++) {
                bench.datagram(SERVICE, 5_000 + i % 3, 100 + 300 * i).sourceLow(TestPackets.ipv4(10, 0, 0, 1));
                bench.event.argument0(++argument);
                left += bench.send().stream()
                        .filter(line -> line.startsWith("forward DATA"))
                        .count();
                sent++;
            }
            bench.make(EventKind.CONFIG, 0).endpoint(all.get(round % all.size()));
            left += bench.send().stream()
                    .filter(line -> line.startsWith("forward DATA"))
                    .count();
            left += bench.advanceTo(bench.nowNs() + 300_000).size();
        }
        left += bench.advanceTo(bench.nowNs() + 4_000_000_000L).size();
        long dropped = bench.pipeline.books().droppedPackets(SERVICE, 3, Direction.TO_BACKEND, DropReason.QUEUE_FULL);
        assertEquals(sent, left + dropped, "all that was taken in leaves");
        assertTrue(left > sent / 2, left + " left");
    }
}
