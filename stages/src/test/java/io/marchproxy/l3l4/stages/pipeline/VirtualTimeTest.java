package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.packet.Direction.TO_BACKEND;
import static io.marchproxy.l3l4.stages.packet.Direction.TO_CLIENT;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.DNS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.GAME;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static io.marchproxy.l3l4.stages.pipeline.TestSettings.WEB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStages;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is due happens in order, each at its own time, however late the event that lets it. */
class VirtualTimeTest {
    private static final ShapeSettings QUEUES = new ShapeSettings(100, 100, 100, 2);

    /** Packets of P3 wait for 100 ns, others for nothing. */
    private final Bench bench = new Bench(
            TestSettings.initial(),
            ShapeStages.delaying(QUEUES, packet -> packet.trafficClass() == 3 ? 100 : 0),
            new TestFlowTable(Bench.WHOLE_CAPACITY));

    @Test
    void shouldReleaseWhatIsDueBeforeTheEventThatComesLater() {
        bench.datagram(GAME, 5000, 10);
        assertEquals(List.of(), bench.send());
        assertEquals(Verdict.HOLD, Verdict.in(bench.event));
        assertEquals(1, bench.pipeline.books().heldPackets(GAME, 3, TO_BACKEND));
        assertEquals(10, bench.pipeline.books().heldBytes(GAME, 3, TO_BACKEND));
        assertEquals(100, bench.pipeline.nextDeadlineNs());

        bench.at(5_000).datagram(DNS, 5000, 20);
        assertEquals(
                List.of(
                        "forward DATA ▶ P3 dscp 0 backend 20 new released 100 10 B",
                        "forward DATA ▶ P0 dscp 46 backend 10 new 20 B"),
                bench.send());
        assertEquals(0, bench.pipeline.books().heldPackets(GAME, 3, TO_BACKEND));
    }

    @Test
    void shouldReleaseAtTheVeryDeadlineAndNotBefore() {
        bench.datagram(GAME, 5000, 10);
        bench.send();

        assertEquals(List.of(), bench.advanceTo(99));
        assertEquals(1, bench.advanceTo(100).size());
    }

    @Test
    void shouldDropWhatTheQueueDoesNotTakeAndFreeASessionThatNeverBegan() {
        for (int i = 0; i < 2; i++) {
            bench.datagram(GAME, 5000 + i, 10);
            bench.send();
        }
        bench.datagram(GAME, 6000, 10);

        assertEquals("drop QUEUE_FULL DATA ▶ P3 new 10 B", bench.sendOne());
        assertEquals(2, bench.pipeline.sessions(GAME));
    }

    @Test
    void shouldGiveAReleasedPacketOnceToAnOutputThatFails() {
        int[] given = {0};
        PipelineOutput failing = new PipelineOutput() {
            @Override
            public void forward(PacketDescriptor packet) {
                given[0]++;
                throw new IllegalStateException("test");
            }

            @Override
            public void drop(PacketDescriptor packet, DropReason reason) {}

            @Override
            public void flowEnded(long flowRef, FlowEnd reason) {}
        };
        Pipeline pipeline = new Pipeline(
                TestSettings.initial(),
                new TestFlowTable(Bench.WHOLE_CAPACITY),
                failing,
                Journal.NONE,
                ShapeStages.delaying(QUEUES, packet -> 100));
        pipeline.handle(bench.datagram(GAME, 5000, 10));
        assertThrows(IllegalStateException.class, () -> pipeline.advanceTo(100));
        pipeline.advanceTo(200);
        assertEquals(1, given[0]);
        assertEquals(0, pipeline.books().heldPackets(GAME, 3, TO_BACKEND));
    }

    @Test
    void shouldDropWhatOutlivesItsFlow() {
        bench.datagram(GAME, 5000, 10);
        bench.send();
        long flowRef = bench.flowRef();
        bench.of(EventKind.CLOSED, flowRef, TO_BACKEND);
        bench.send();

        assertEquals(List.of("drop FLOW_GONE DATA ▶ P3 dscp 0 new released 100 10 B"), bench.advanceTo(100));
    }

    @Test
    void shouldKeepFinBehindBytesThatWait() {
        Bench slow = new Bench(
                TestSettings.initial(),
                ShapeStages.delaying(QUEUES, packet -> 100),
                new TestFlowTable(Bench.WHOLE_CAPACITY));
        slow.open(WEB, 5000);
        slow.send();
        long flowRef = slow.flowRef();
        slow.of(EventKind.DATA, flowRef, TO_CLIENT).lengthBytes(5);
        slow.send();
        slow.at(50).of(EventKind.FIN, flowRef, TO_CLIENT);
        assertEquals(List.of(), slow.send());

        assertEquals(
                List.of(
                        "forward DATA ◀ P1 dscp 34 backend 1 released 100 5 B",
                        "forward FIN ◀ P1 dscp 34 backend 1 released 100"),
                slow.advanceTo(100));
    }

    @Test
    void shouldRouteWhenThePacketLeavesRatherThanWhenItCame() {
        bench.datagram(GAME, 5000, 10);
        bench.send();
        bench.at(50).make(EventKind.HEALTH, GAME);
        bench.event.backend(20);
        bench.send();

        assertEquals(List.of("drop NO_HEALTHY_BACKEND DATA ▶ P3 dscp 0 new released 100 10 B"), bench.advanceTo(100));
        assertEquals(0, bench.flows.size());
    }

    @Test
    void shouldInterleaveReleasesAndEndsByTheirTimes() {
        bench.datagram(DNS, 5000, 10);
        bench.send();
        long dns = bench.flowRef();
        bench.at(29 * SECOND_NS).datagram(GAME, 5000, 10);
        bench.send();
        bench.at(31 * SECOND_NS).datagram(GAME, 5001, 10);
        List<String> first = bench.send();

        assertEquals(
                List.of(
                        "forward DATA ▶ P3 dscp 0 backend 20 new released 29000000100 10 B",
                        "end IDLE " + Long.toHexString(dns)),
                first);
    }

    @Test
    void shouldNeverRunBackwards() {
        bench.at(10 * SECOND_NS).datagram(DNS, 5000, 10);
        bench.send();
        bench.at(5 * SECOND_NS).datagram(DNS, 5000, 10);
        bench.send();

        assertEquals(List.of(), bench.advanceTo(39 * SECOND_NS));
        assertEquals(1, bench.advanceTo(41 * SECOND_NS).size());
    }

    @Test
    void shouldLetTimePassByTicks() {
        bench.datagram(DNS, 5000, 10);
        bench.send();
        bench.at(60 * SECOND_NS).make(EventKind.TICK, 0);

        assertEquals(1, bench.send().size());
        assertEquals(Long.MAX_VALUE, bench.pipeline.nextDeadlineNs());
    }

    @Test
    void shouldTakeInBackpressureWithoutAWord() {
        bench.make(EventKind.BACKPRESSURE, WEB);

        assertEquals(List.of(), bench.send());
        assertEquals(Verdict.CONSUMED, Verdict.in(bench.event));
    }

    @Test
    void shouldPassASnapshotOnInLineWithThePackets() {
        bench.make(EventKind.SNAPSHOT, 0);

        assertEquals("forward SNAPSHOT ▶ P0", bench.sendOne());
    }

    @Test
    void shouldRefuseAConfigurationEventWithoutConfiguration() {
        bench.make(EventKind.CONFIG, 0);

        assertThrows(IllegalArgumentException.class, bench::send);
    }

    @Test
    void shouldLeaveCodePointsAloneWhenMarkingIsOff() {
        PipelineSettings initial = TestSettings.initial();
        bench.make(EventKind.CONFIG, 0);
        bench.event.endpoint(new PipelineSettings(
                2,
                "off",
                initial.classify(),
                initial.shape(),
                new MarkSettings(false, 46, 34, 18, 0),
                initial.route()));
        bench.send();
        bench.datagram(GAME, 1023, 10);

        assertEquals("forward DATA ▶ P0 backend 20 rule 2 new 10 B", bench.sendOne());
    }

    @Test
    void shouldMeasureHowLongPacketsStayed() {
        bench.pipeline.handedNs(700);
        bench.datagram(DNS, 5000, 10);
        bench.send();
        bench.datagram(GAME, 5000, 10);
        bench.send();
        bench.advanceTo(1_000);

        var residence = bench.pipeline.residence();
        assertEquals(1, residence.getCountAtValue(700));
        assertEquals(1, residence.getCountAtValue(100));
        assertEquals(2, residence.getTotalCount());
    }
}
