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
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What rules look at single packets, what happens to flows when rules change, and what is counted of clients. */
class RulesTest {
    private static final int ANY = -1;
    private static final ClassifyRule LONG_ONES =
            rule(TestSettings.UDP, ANY, 3, new NumberRange(600, Integer.MAX_VALUE), null);
    private static final ClassifyRule EXPEDITED = rule(ANY, 46, 0, null, null);
    private static final ClassifyRule REST = rule(ANY, ANY, 2, null, null);

    private long version = 1;

    private static ClassifyRule rule(
            int protocol, int dscp, int trafficClass, @Nullable NumberRange length, @Nullable NumberRange flows) {
        return new ClassifyRule(protocol, null, null, null, ANY, ANY, ANY, ANY, dscp, trafficClass, ANY, length, flows);
    }

    private PipelineSettings settings(RateLimit ofP3, ClassifyRule... rules) {
        PipelineSettings initial = TestSettings.initial();
        List<ClassLimits> classes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            classes.add(new ClassLimits(100, i == 3 ? ofP3 : RateLimit.NONE));
        }
        return new PipelineSettings(
                version++,
                "hash",
                new ClassifySettings(TestSettings.services(), List.of(rules)),
                new ShapeSettings(RateLimit.NONE, classes, List.of(), 1),
                initial.mark(),
                initial.route());
    }

    private static void configure(Bench bench, PipelineSettings settings) {
        bench.make(EventKind.CONFIG, 0).endpoint(settings);
        bench.send();
    }

    @Test
    void shouldLookAtEachDatagramWhereARuleAsksForLengthOrCodePoint() {
        Bench bench = new Bench(settings(RateLimit.NONE, LONG_ONES, EXPEDITED, REST));

        bench.datagram(TestSettings.GAME, 5000, 100);
        assertEquals("forward DATA ▶ P2 dscp 18 backend 20 rule 3 new 100 B", bench.sendOne());
        long flow = bench.flowRef();
        bench.datagram(TestSettings.GAME, 5000, 600);
        assertEquals("forward DATA ▶ P3 dscp 0 backend 20 rule 1 600 B", bench.sendOne());
        bench.datagram(TestSettings.GAME, 5000, 100).ingressDscp(46);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 20 rule 2 100 B", bench.sendOne());
        bench.of(EventKind.DATA, flow, Direction.TO_CLIENT).lengthBytes(700);
        assertEquals("forward DATA ◀ P3 dscp 0 backend 20 rule 1 700 B", bench.sendOne());
        bench.of(EventKind.DATA, flow, Direction.TO_CLIENT).lengthBytes(7);
        assertEquals("forward DATA ◀ P2 dscp 18 backend 20 rule 3 7 B", bench.sendOne());
        // A run is as long as each of its datagrams.
        PacketDescriptor run = bench.datagram(TestSettings.GAME, 5000, 1_100);
        run.packets(2);
        run.segmentBytes(599);
        assertEquals("forward DATA ▶ P2 dscp 18 backend 20 rule 3 1100 B", bench.sendOne());
    }

    @Test
    void shouldDecideOnceForAllOfAStream() {
        Bench bench = new Bench(
                settings(RateLimit.NONE, rule(ANY, ANY, 3, new NumberRange(0, 9_999), null), EXPEDITED, REST));

        bench.open(TestSettings.WEB, 5000).ingressDscp(46);
        assertEquals("forward OPEN ▶ P0 dscp 46 backend 1 rule 2 new", bench.sendOne());
        long flow = bench.flowRef();
        bench.of(EventKind.DATA, flow, Direction.TO_BACKEND).lengthBytes(100);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 1 rule 2 100 B", bench.sendOne());
    }

    @Test
    void shouldKeepADatagramBehindThoseOfItsFlowThatWaitInAnotherClass() {
        Bench bench = new Bench(settings(new RateLimit(8_000_000, 1_500), LONG_ONES, REST));

        bench.datagram(TestSettings.GAME, 5000, 1_500).argument0(1);
        bench.send();
        bench.datagram(TestSettings.GAME, 5000, 1_000).argument0(2);
        assertEquals(List.of(), bench.send());
        bench.datagram(TestSettings.GAME, 5000, 10).argument0(3);
        assertEquals(List.of(), bench.send(), "it is of P2, which has no limit, and must not overtake");
        List<String> left = bench.advanceTo(2_000_000);
        assertEquals(2, left.size(), left.toString());
        assertTrue(left.get(1).contains("P3") && left.get(1).contains("rule 2"), left.get(1));
        bench.datagram(TestSettings.GAME, 5000, 10).argument0(4);
        assertEquals("forward DATA ▶ P2 dscp 18 backend 20 rule 2 10 B", bench.sendOne());
    }

    @Test
    void shouldClassifyFlowsAnewWhenRulesChange() {
        Bench bench = new Bench(settings(RateLimit.NONE, rule(ANY, ANY, 3, null, null)));
        bench.open(TestSettings.WEB, 5000);
        bench.sendOne();
        long stream = bench.flowRef();
        bench.of(EventKind.DATA, stream, Direction.TO_BACKEND).lengthBytes(77);
        assertEquals("forward DATA ▶ P3 dscp 0 backend 1 rule 1 77 B", bench.sendOne());

        configure(bench.after(1_000), settings(RateLimit.NONE, EXPEDITED, rule(ANY, ANY, 0, null, null)));
        bench.of(EventKind.DATA, stream, Direction.TO_CLIENT).lengthBytes(88);
        assertEquals("forward DATA ◀ P0 dscp 46 backend 1 rule 2 88 B", bench.sendOne());
        bench.of(EventKind.DATA, stream, Direction.TO_BACKEND).lengthBytes(99);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 1 rule 2 99 B", bench.sendOne());
    }

    @Test
    void shouldClassifyFlowsAnewWhenTheClassOfTheirServiceChanges() {
        Bench bench = new Bench(settings(RateLimit.NONE));
        bench.datagram(TestSettings.DNS, 5000, 10);
        assertEquals("forward DATA ▶ P0 dscp 46 backend 10 new 10 B", bench.sendOne());
        ServiceProfile dns = TestSettings.services().get(TestSettings.DNS);
        configure(
                bench,
                TestSettings.with(new ServiceProfile(
                        dns.id(), dns.name(), dns.protocol(), true, 2, dns.idleTimeoutNs(), 4, false, 1)));
        bench.after(1).datagram(TestSettings.DNS, 5000, 10);
        assertEquals("forward DATA ▶ P2 dscp 18 backend 10 10 B", bench.sendOne());
    }

    @Test
    void shouldCountTheFlowsThatAClientHasOpen() {
        PipelineSettings counting =
                settings(RateLimit.NONE, rule(ANY, ANY, 3, null, new NumberRange(2, Integer.MAX_VALUE)), REST);
        Bench bench = new Bench(counting);
        assertEquals("P2", classOf(bench, TestSettings.DNS, 1));
        assertEquals("P2", classOf(bench, TestSettings.GAME, 2));
        assertEquals("P3", classOf(bench, TestSettings.DNS, 3), "two are open, of whatever service");
        bench.datagram(TestSettings.DNS, 4, 10).sourceLow(TestPackets.ipv4(10, 0, 0, 2));
        assertTrue(bench.sendOne().contains("P2"), "another client");
        bench.open(TestSettings.WEB, 5);
        assertTrue(bench.sendOne().contains("P3"));
        bench.of(EventKind.RESET, bench.flowRef(), Direction.TO_BACKEND);
        bench.send();
        // The first session has been silent for its service's time-out, and so have the others of it.
        bench.advanceTo(31_000_000_000L);
        assertEquals("P2", classOf(bench, TestSettings.DNS, 6));
    }

    @Test
    void shouldCountFlowsThatWereThereBeforeRulesAskedForThem() {
        Bench bench = new Bench(settings(RateLimit.NONE, REST));
        classOf(bench, TestSettings.DNS, 1);
        classOf(bench, TestSettings.DNS, 2);
        configure(
                bench, settings(RateLimit.NONE, rule(ANY, ANY, 3, null, new NumberRange(2, Integer.MAX_VALUE)), REST));
        bench.after(1);
        assertEquals("P2", classOf(bench, TestSettings.DNS, 1), "one besides this");
        assertEquals("P3", classOf(bench, TestSettings.DNS, 3));
    }

    private static String classOf(Bench bench, int service, int port) {
        bench.datagram(service, port, 10);
        return bench.sendOne().replaceAll(".* (P[0-3]) .*", "$1");
    }
}
