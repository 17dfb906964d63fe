package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.Mix;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.GatewaySet;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.PrefixList;
import io.marchproxy.l3l4.stages.route.PrefixRoutes;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import io.marchproxy.l3l4.stages.route.RouteView;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * IP packets by their destinations to gateways 30, 31 and 32: the /8 leads to 30, within it the /16 to 31, in that the /24 to 31 and
 * 32; of IPv6 2001:db8::/32 to 32. A packet has 100 bytes, and costs as many units as its gateway's number says.
 */
class GatewayRoutesTest {
    private static final int IP = 4;
    private static final int FIRST = 30;
    private static final long V6 = 0x2001_0db8_0000_0000L;
    private static final List<GatewaySet> SETS = List.of(
            new GatewaySet(List.of(0)),
            new GatewaySet(List.of(1)),
            new GatewaySet(List.of(1, 2)),
            new GatewaySet(List.of(2)));

    private Bench bench = bench(RouteChoice.DEFAULT);

    private static Bench bench(RouteChoice choice) {
        return new Bench(settings(1, choice, usual()));
    }

    private static PipelineSettings settings(long version, RouteChoice choice, PrefixList prefixes) {
        List<ServiceProfile> services = new ArrayList<>(TestSettings.services());
        services.add(new ServiceProfile(IP, "ip", ServiceProfile.IP, true, 2, 1000 * SECOND_NS, 0, false, 0));
        List<BackendPool> pools = new ArrayList<>(TestSettings.pools());
        pools.add(new BackendPool(members(), choice, PrefixRoutes.of(prefixes, SETS)));
        return TestSettings.of(version, services, pools);
    }

    private static List<PoolMember> members() {
        List<PoolMember> members = new ArrayList<>();
        for (int number = FIRST; number < FIRST + 3; number++) {
            members.add(new PoolMember(number, Mix.spread(number), true, 1, 0, 1, 0, number * 1e7, 0));
        }
        return members;
    }

    private static PrefixList usual() {
        PrefixList.Builder list = new PrefixList.Builder();
        list.add(4, 0x0a00_0000L << 32, 0, 8, 0);
        list.add(4, 0x0a01_0000L << 32, 0, 16, 1);
        list.add(4, 0x0a01_0200L << 32, 0, 24, 2);
        list.add(6, V6, 0, 32, 3);
        return list.build();
    }

    private void reload(RouteChoice choice, PrefixList prefixes) {
        bench.make(EventKind.CONFIG, 0).endpoint(settings(2, choice, prefixes));
        bench.send();
    }

    private void health(int gateway, boolean isHealthy) {
        PacketDescriptor event = bench.make(EventKind.HEALTH, 0);
        event.backend(gateway);
        event.argument0(isHealthy ? 1 : 0);
        bench.send();
    }

    /** Where a packet of a flow goes: a gateway's number, or why it goes nowhere. */
    private String to(long destination, int flow) {
        packet(4, 0, destination, flow);
        return fate();
    }

    private PacketDescriptor packet(int version, long high, long low, int flow) {
        PacketDescriptor packet = bench.make(EventKind.DATA, IP);
        packet.flags(DescriptorFlags.IP_PACKET);
        packet.protocol(17);
        packet.ipVersion(version);
        packet.sourceLow(0xc0a8_0001L);
        packet.destinationHigh(high);
        packet.destinationLow(low);
        packet.sourcePort(flow);
        packet.destinationPort(53);
        packet.lengthBytes(100);
        return packet;
    }

    private String fate() {
        String[] words = bench.sendOne().split(" ");
        if (words[0].equals("drop")) {
            return words[1];
        }
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals("backend")) {
                return words[i + 1];
            }
        }
        throw new AssertionError(String.join(" ", words));
    }

    @Test
    void shouldGoWhereTheLongestPrefixLeads() {
        assertEquals("30", to(0x0a00_0001L, 1));
        assertEquals("31", to(0x0a01_0001L, 2));
        packet(6, V6, 7, 3);
        assertEquals("32", fate());
    }

    @Test
    void shouldDropWhatNoPrefixHas() {
        assertEquals("NO_ROUTE", to(0x0b00_0001L, 1));
        assertEquals("NO_ROUTE", to(0x0b00_0001L, 1), "also when its flow is known");
        packet(6, V6 >>> 1, 7, 3);
        assertEquals("NO_ROUTE", fate());
        bench.assertBalance();
    }

    @Test
    void shouldLetTheAlgorithmChooseAmongGatewaysOfOnePrefix() {
        List<String> chosen = new ArrayList<>();
        for (int flow = 0; flow < 4; flow++) {
            chosen.add(to(0x0a01_0201L, flow));
        }
        assertEquals(List.of("31", "32", "31", "32"), chosen);
        assertEquals("31", to(0x0a01_0201L, 0), "a flow stays where it is");
    }

    @Test
    void shouldTakeTheNextShorterPrefixWhereAllGatewaysAreOut() {
        to(0x0a01_0201L, 1);
        health(31, false);
        assertEquals("32", to(0x0a01_0201L, 1), "the other of the same prefix");
        assertEquals("30", to(0x0a01_0001L, 2), "the /8 stands in for the /16");
        health(32, false);
        assertEquals("30", to(0x0a01_0201L, 1), "and for the /24, past the /16 whose gateway is out as well");
        packet(6, V6, 7, 3);
        assertEquals("NO_HEALTHY_BACKEND", fate(), "nothing stands in for that of IPv6");
        health(30, false);
        assertEquals("NO_HEALTHY_BACKEND", to(0x0a01_0201L, 4));
        health(31, true);
        assertEquals("31", to(0x0a01_0201L, 4));
        bench.assertBalance();
    }

    @Test
    void shouldTakeAFlowOfBeforeARestartToItsGatewayOnlyWhereItsDestinationLeadsThere() {
        restored(0x0a01_0201L, 1, 32);
        restored(0x0a01_0001L, 2, 30);

        assertEquals("32", to(0x0a01_0201L, 1), "the second of two, whose turn it is not");
        assertEquals("31", to(0x0a01_0001L, 2), "the routes of before led elsewhere");
        assertEquals("31", to(0x0a01_0201L, 3), "a new one has the first turn");
        assertEquals(2, bench.pipeline.remembered().found());
    }

    private void restored(long destination, int flow, int gateway) {
        PacketDescriptor event = packet(4, 0, destination, flow);
        event.kind(EventKind.RESTORE);
        event.backend(gateway);
        event.argument0(10);
        event.payloadAddress(
                Arena.global().allocate(FlowLayout.REMEMBERED_SIZE, Long.BYTES).address());
        assertEquals(List.of(), bench.send());
    }

    @Test
    void shouldLeaveFlowsWhereTheyWentWhenTheLongerPrefixIsBack() {
        health(31, false);
        assertEquals("30", to(0x0a01_0001L, 1));
        health(31, true);

        assertEquals("30", to(0x0a01_0001L, 1));
        assertEquals("31", to(0x0a01_0001L, 2));
    }

    @Test
    void shouldMoveFlowsWhoseDestinationLeadsElsewhereAfterAReload() {
        assertEquals("30", to(0x0a00_0001L, 1));
        assertEquals("31", to(0x0a01_0001L, 2));
        PrefixList.Builder list = new PrefixList.Builder();
        list.add(4, 0x0a00_0000L << 32, 0, 8, 0);
        list.add(4, 0x0a01_0000L << 32, 0, 24, 3);
        reload(RouteChoice.DEFAULT, list.build());

        assertEquals("30", to(0x0a00_0001L, 1));
        assertEquals("32", to(0x0a01_0001L, 2));
        assertEquals("32", to(0x0a01_0001L, 2));
        assertEquals("30", to(0x0a01_0201L, 3));
    }

    @Test
    void shouldDropFlowsWhosePrefixIsGone() {
        assertEquals("31", to(0x0a01_0001L, 1));
        PrefixList.Builder list = new PrefixList.Builder();
        list.add(4, 0x0b00_0000L << 32, 0, 8, 1);
        reload(RouteChoice.DEFAULT, list.build());

        assertEquals("NO_ROUTE", to(0x0a01_0001L, 1));
        assertEquals("31", to(0x0b01_0001L, 2));
        reload(RouteChoice.DEFAULT, usual());
        assertEquals("31", to(0x0a01_0001L, 1));
    }

    @Test
    void shouldGoOnTakingTurnsAfterAReloadOfTheSameRoutes() {
        assertEquals("31", to(0x0a01_0201L, 1));
        reload(RouteChoice.DEFAULT, usual());

        assertEquals("31", to(0x0a01_0201L, 1));
        assertEquals("32", to(0x0a01_0201L, 2));
    }

    @Test
    void shouldBillWhatGoesThroughAGateway() {
        to(0x0a00_0001L, 1);
        to(0x0a00_0001L, 1);
        to(0x0a01_0001L, 2);
        to(0x0b00_0001L, 3);

        assertEquals(2 * 30, bench.pipeline.routeFigures().cost(30), 1e-6);
        assertEquals(31, bench.pipeline.routeFigures().cost(31), 1e-6);
        assertEquals(2 * 30 + 31, bench.pipeline.routeFigures().spentOn(IP, 0), 1e-6);
    }

    @Test
    void shouldSaveWhenTheWholeServicesMoneyIsSpent() {
        bench = bench(RouteChoice.DEFAULT.withDailyBudget(70));
        to(0x0a00_0001L, 1);
        to(0x0a00_0001L, 1);
        bench.after(SECOND_NS);
        assertEquals("31", to(0x0a01_0201L, 2), "60 are not too much yet");
        bench.after(SECOND_NS);

        for (int flow = 3; flow < 6; flow++) {
            assertEquals("31", to(0x0a01_0201L, flow), "91 are: only the cheapest of a prefix's");
        }
        assertTrue(bench.pipeline.routeFigures().isSaving(IP));
    }

    @Test
    void shouldUseTheLongestPrefixInPanicWhereNoneHasAHealthyGateway() {
        bench = bench(RouteChoice.DEFAULT.withPanicPercent(50));
        for (int gateway = FIRST; gateway < FIRST + 3; gateway++) {
            health(gateway, false);
        }
        String chosen = to(0x0a01_0201L, 1);
        assertTrue(List.of("31", "32").contains(chosen), chosen);
        for (int i = 0; i < 4; i++) {
            assertEquals(chosen, to(0x0a01_0201L, 1), "a flow does not wander among the dead");
        }
        health(30, true);
        assertEquals("30", to(0x0a01_0201L, 2), "a healthy one of a shorter prefix goes before");
        assertTrue(bench.pipeline.routeFigures().panics(IP) > 0);
    }

    @Test
    void shouldTellByWhichPrefixADestinationIsRouted() {
        RouteView view = bench.pipeline.routes(IP, 4, 0, 0x0a01_0001L);
        assertEquals(new RouteView.Match(0x0a01_0000L << 32, 0, 16), view.longest());
        assertEquals(view.longest(), view.used());
        assertEquals(
                List.of(31),
                view.gateways().candidates().stream().map(one -> one.number()).toList());

        health(31, false);
        view = bench.pipeline.routes(IP, 4, 0, 0x0a01_0001L);
        assertEquals(16, view.longest().length());
        assertEquals(8, view.used().length());
        assertNull(bench.pipeline.routes(IP, 4, 0, 0x0b00_0001L));
        assertNull(bench.pipeline.routes(TestSettings.WEB, 4, 0, 0x0a00_0001L), "a relay has no such routes");
    }

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldGoOnWhereASavedStateWas(RouteAlgorithm algorithm) {
        RouteChoice choice = RouteChoice.of(algorithm).withDailyBudget(1e9).withSlowStartNs(SECOND_NS);
        bench = bench(choice);
        Random random = new Random(algorithm.ordinal());
        for (int i = 0; i < 30; i++) {
            bench.after(SECOND_NS / 50);
            health(FIRST + random.nextInt(3), random.nextInt(4) > 0);
            to(0x0a00_0000L + random.nextInt(1 << 18), random.nextInt(20));
        }
        SavedState saved = new SavedState();
        bench.pipeline.saveRoutes(saved);
        Pipeline other = new Pipeline(settings(1, choice, usual()), new TestFlowTable(4), bench, bench);
        other.restoreRoutes(saved.read());
        assertTrue(saved.isEmpty());
        SavedState again = new SavedState();
        other.saveRoutes(again);
        SavedState first = new SavedState();
        bench.pipeline.saveRoutes(first);
        first.read();
        again.read();
        while (!first.isEmpty()) {
            assertEquals(first.number(), again.number());
        }
        assertTrue(again.isEmpty());
    }

    @Test
    void shouldRefuseRoutesToGatewaysThatAreNotThere() {
        List<GatewaySet> others = List.of(new GatewaySet(List.of(0)));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> new BackendPool(members(), RouteChoice.DEFAULT, PrefixRoutes.of(usual(), others)));
        List<GatewaySet> beyond = List.of(
                new GatewaySet(List.of(0)),
                new GatewaySet(List.of(7)),
                new GatewaySet(List.of(1)),
                new GatewaySet(List.of(2)));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> new BackendPool(members(), RouteChoice.DEFAULT, PrefixRoutes.of(usual(), beyond)));
        assertThrows(IllegalArgumentException.class, () -> new GatewaySet(List.of()));
    }
}
