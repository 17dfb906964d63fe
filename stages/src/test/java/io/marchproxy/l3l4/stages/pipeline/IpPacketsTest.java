package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.ParseResult;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStages;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whole IP packets, real bytes, through all stages: class P2 unless a rule says otherwise, gateways 30 and 31. */
class IpPacketsTest {
    private static final int IP = 4;
    private static final int GATEWAY = 30;
    private static final String ADDRESSES = " 0a000001 0a000002 ";
    private static final String UDP = "4500 0021 0001 0000 4011 0000" + ADDRESSES + "3039 0035 000d 0000 68656c6c6f";
    private static final String UDP_BACK =
            "4500 0021 0001 0000 4011 0000 0a000002 0a000001 0035 3039 000d 0000 68656c6c6f";
    private static final String TCP =
            "4500 0028 0001 0000 4006 0000" + ADDRESSES + "c350 0050 00000001 00000002 5010 ffff 0000 0000";
    private static final String ECHO = "4500 001c 0001 0000 4001 0000" + ADDRESSES + "0800 0000 0001 0001";
    private static final String GRE = "4500 0018 0001 0000 402f 0000" + ADDRESSES + "0000 0800";
    private static final String V6_ADDRESSES = " 20010db8000000000000000000000001 20010db8000000000000000000000002 ";
    private static final String UDP_V6 = "6000 0000 000d 11 40" + V6_ADDRESSES + "3039 0035 000d 0000 68656c6c6f";
    private static final String CHAIN_V6 = "6000 0000 001d 00 40" + V6_ADDRESSES + "3c00 010400000000"
            + "1100 010400000000" + "3039 0035 000d 0000 68656c6c6f";
    private static final String FIRST =
            "4500 0024 0001 2000 4011 0000" + ADDRESSES + "3039 0035 0100 0000 0102030405060708";
    private static final String LATER = "4500 001c 0001 0002 4011 0000" + ADDRESSES + "3039 0035 000d 0000";

    private final IpPacket parser = new IpPacket();
    private final List<MemorySegment> kept = new ArrayList<>();
    private Bench bench = new Bench(settings());

    private static PipelineSettings settings() {
        List<ServiceProfile> services = new ArrayList<>(TestSettings.services());
        services.add(new ServiceProfile(IP, "ip", ServiceProfile.IP, true, 2, 10 * SECOND_NS, 0, false, 0));
        List<BackendPool> pools = new ArrayList<>(TestSettings.pools());
        pools.add(new BackendPool(List.of(GATEWAY, GATEWAY + 1), 1, SECOND_NS));
        return TestSettings.of(1, services, pools);
    }

    /** Makes the event of a packet, as an ingress does. */
    private PacketDescriptor arrive(int service, String hex) {
        MemorySegment memory = TestPackets.bytes(hex);
        kept.add(memory);
        int length = (int) memory.byteSize();
        PacketDescriptor event = bench.make(EventKind.DATA, service);
        ParseResult result = parser.parse(memory.address(), length);
        if (result.isReadable()) {
            parser.describe(event);
        } else {
            IpPacket.describeMalformed(event, memory.address(), length, length);
        }
        return event;
    }

    private String pass(String hex) {
        arrive(IP, hex);
        return bench.sendOne();
    }

    private long flowOf(String hex) {
        pass(hex);
        return bench.flowRef();
    }

    @Test
    void shouldPassEveryProtocolOfEitherVersion() {
        assertEquals("forward DATA ▶ P2 dscp 18 backend 30 new 33 B", pass(UDP));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 30 33 B", pass(UDP));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 31 new 28 B", pass(ECHO));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 30 new 24 B", pass(GRE));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 31 new 53 B", pass(UDP_V6));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 31 69 B", pass(CHAIN_V6));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 30 new 40 B", pass(TCP));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 30 40 B", pass(TCP));
    }

    @Test
    void shouldTakeEachWayOfAConversationForAFlow() {
        assertNotEquals(flowOf(UDP), flowOf(UDP_BACK));
        assertEquals(2, bench.flows.size());
    }

    @Test
    void shouldKeepAllPartsOfAPacketInOneFlow() {
        long first = flowOf(FIRST);

        assertEquals(first, flowOf(LATER));
        assertNotEquals(first, flowOf(UDP));
    }

    @Test
    void shouldCountEachFlowsPackets() {
        long flow = flowOf(TCP);
        pass(TCP);

        assertEquals(2, FlowEntry.packetsToBackend(bench.flows.entry(flow)));
        assertEquals(80, FlowEntry.bytesToBackend(bench.flows.entry(flow)));
    }

    @Test
    void shouldMatchRulesByThePacketsOwnProtocol() {
        String marked = TCP.replaceFirst("4500", "45b8");

        assertEquals("forward DATA ▶ P0 dscp 0 backend 30 rule 3 new 40 B", pass(marked));
        assertEquals("forward DATA ▶ P2 dscp 18 backend 31 new 33 B", pass(UDP.replaceFirst("4500", "45b8")));
    }

    @Test
    void shouldDropWhatMakesNoSense() {
        assertEquals("drop MALFORMED DATA ▶ P2 20 B", pass("4500 0013 0001 0000 4011 0000" + ADDRESSES));
        assertEquals("drop MALFORMED DATA ▶ P2 1 B", pass("00"));
        assertEquals(0, bench.flows.size());
    }

    @Test
    void shouldEndAFlowThatIsSilent() {
        long flow = flowOf(TCP);

        assertEquals(List.of("end IDLE " + Long.toHexString(flow)), bench.advanceTo(11 * SECOND_NS));
        assertEquals(0, bench.flows.size());
    }

    @Test
    void shouldNotLetARelaysTrafficIntoAServiceOfPacketsNorTheOtherWayRound() {
        arrive(TestSettings.DNS, UDP);
        assertEquals("drop NO_SERVICE DATA ▶ P0 33 B", bench.sendOne());
        arrive(TestSettings.WEB, TCP);
        assertEquals("drop NO_SERVICE DATA ▶ P1 40 B", bench.sendOne());
        bench.datagram(IP, 5000, 64);
        assertEquals("drop NO_SERVICE DATA ▶ P2 64 B", bench.sendOne());
        bench.open(IP, 5000);
        assertEquals("drop NO_SERVICE OPEN ▶ P2", bench.sendOne());
    }

    @Test
    void shouldMoveEveryFlowAwayFromADeadGateway() {
        pass(TCP);
        bench.make(EventKind.HEALTH, 0).backend(GATEWAY);
        bench.send();

        assertEquals("forward DATA ▶ P2 dscp 18 backend 31 rerouted 40 B", pass(TCP));
    }

    @Test
    void shouldHaveNoSessionsAndNoCapButTheTable() {
        for (int port = 0; port < Bench.WHOLE_CAPACITY; port++) {
            assertEquals(
                    port % 2 == 0
                            ? "forward DATA ▶ P2 dscp 18 backend 30 new 33 B"
                            : "forward DATA ▶ P2 dscp 18 backend 31 new 33 B",
                    pass(UDP.replaceFirst("3039", String.format("%04x", 0x4000 + port))));
        }
        assertEquals("drop FLOW_TABLE_FULL DATA ▶ P2 33 B", pass(UDP));
        assertEquals(0, bench.pipeline.sessions(IP));
    }

    @Test
    void shouldDropPacketsOfAnyProtocolAtAFullQueue() {
        bench = new Bench(
                settings(),
                ShapeStages.delaying(new ShapeSettings(1, 1, 1, 1), packet -> SECOND_NS),
                new TestFlowTable(Bench.WHOLE_CAPACITY));
        arrive(IP, TCP);
        assertEquals(List.of(), bench.send());

        assertEquals("drop QUEUE_FULL DATA ▶ P2 new 28 B", pass(ECHO));
        assertEquals(
                List.of("forward DATA ▶ P2 dscp 18 backend 30 new released 1000000000 40 B"),
                bench.advanceTo(SECOND_NS));
    }

    @Test
    void shouldRefuseToTurnARelayIntoAServiceOfPackets() {
        ServiceProfile turned = new ServiceProfile(TestSettings.WEB, "web", ServiceProfile.IP, true, 1, 0, 0, false, 0);
        bench.make(EventKind.CONFIG, 0).endpoint(TestSettings.with(turned));

        assertThrows(IllegalArgumentException.class, bench::send);
    }
}
