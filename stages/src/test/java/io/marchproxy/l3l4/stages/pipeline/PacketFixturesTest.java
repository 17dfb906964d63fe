package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.DNS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GONE;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A description, a packet in, a packet out. */
class PacketFixturesTest {
    static Stream<Arguments> fixtures() {
        return Stream.of(
                fixture(
                        "a datagram of a new client gets its service's class, the class's code point, the first backend",
                        bench -> bench.datagram(DNS, 5000, 40),
                        "forward DATA ▶ P0 dscp 46 backend 10 new 40 B"),
                fixture(
                        "a rule by service and prefix sets the class",
                        bench -> bench.datagram(GAME, 5000, 40).sourceLow(TestPackets.ipv4(10, 9, 3, 4)),
                        "forward DATA ▶ P2 dscp 18 backend 20 rule 1 new 40 B"),
                fixture(
                        "a rule of another service does not",
                        bench -> bench.datagram(DNS, 5000, 40).sourceLow(TestPackets.ipv4(10, 9, 3, 4)),
                        "forward DATA ▶ P0 dscp 46 backend 10 new 40 B"),
                fixture(
                        "a rule by source port sets class and code point",
                        bench -> bench.datagram(GAME, 1023, 40),
                        "forward DATA ▶ P0 dscp 8 backend 20 rule 2 new 40 B"),
                fixture(
                        "the first rule that matches decides",
                        bench -> bench.datagram(GAME, 1023, 40).sourceLow(TestPackets.ipv4(10, 9, 3, 4)),
                        "forward DATA ▶ P2 dscp 18 backend 20 rule 1 new 40 B"),
                fixture(
                        "a run of datagrams counts as one decision",
                        bench -> bench.datagram(GAME, 5000, 4_000).packets(3),
                        "forward DATA ▶ P3 dscp 0 backend 20 new 4000 B"),
                fixture(
                        "an empty datagram is a datagram",
                        bench -> bench.datagram(DNS, 5000, 0),
                        "forward DATA ▶ P0 dscp 46 backend 10 new"),
                fixture(
                        "a connection gets a backend",
                        bench -> bench.open(WEB, 5000),
                        "forward OPEN ▶ P1 dscp 34 backend 1 new"),
                fixture(
                        "a rule by the code point that came in, which sets best effort",
                        bench -> bench.open(WEB, 5000).ingressDscp(46),
                        "forward OPEN ▶ P0 dscp 0 backend 1 rule 3 new"),
                fixture(
                        "a connection that the engine refused is dropped for its reason",
                        bench -> bench.open(WEB, 5000).argument0(DropReason.ACCEPT_RATE.ordinal() + 1L),
                        "drop ACCEPT_RATE OPEN ▶ P1"),
                fixture(
                        "a connection to a service that a reload took away",
                        bench -> bench.open(GONE, 5000),
                        "drop NO_SERVICE OPEN ▶ P2"),
                fixture("a connection to nobody", bench -> bench.open(77, 5000), "drop NO_SERVICE OPEN ▶ P3"),
                fixture("a datagram to nobody", bench -> bench.datagram(77, 5000, 9), "drop NO_SERVICE DATA ▶ P3 9 B"),
                fixture(
                        "bytes of a connection that is gone",
                        bench -> {
                            bench.of(EventKind.DATA, 12_345, Direction.TO_CLIENT)
                                    .protocol(TestSettings.TCP);
                            bench.event.lengthBytes(100);
                        },
                        "drop FLOW_GONE DATA ◀ P1 100 B"),
                fixture(
                        "the end of a stream that is gone",
                        bench -> bench.of(EventKind.FIN, 12_345, Direction.TO_CLIENT),
                        "drop FLOW_GONE FIN ◀ P1"),
                fixture(
                        "the reset of a connection that is gone",
                        bench -> bench.of(EventKind.RESET, 12_345, Direction.TO_BACKEND),
                        "drop FLOW_GONE RESET ▶ P1"),
                fixture(
                        "a failed connect of a connection that is gone",
                        bench -> bench.of(EventKind.CONNECT_FAILED, 12_345, Direction.TO_BACKEND),
                        "drop FLOW_GONE CONNECT_FAILED ▶ P1"),
                fixture(
                        "a reply to a session that is gone",
                        bench -> bench.of(EventKind.DATA, 1L << 40, Direction.TO_CLIENT)
                                .service(DNS),
                        "drop FLOW_GONE DATA ◀ P0"));
    }

    private static Arguments fixture(String description, Consumer<Bench> in, String out) {
        return Arguments.of(description, in, out);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void shouldDecide(String description, Consumer<Bench> in, String expected) {
        Bench bench = new Bench(TestSettings.initial());
        in.accept(bench);

        assertEquals(expected, bench.sendOne(), description);
    }
}
