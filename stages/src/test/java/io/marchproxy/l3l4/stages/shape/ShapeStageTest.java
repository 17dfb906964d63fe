package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShapeStageTest {
    private static final int UDP = 17;
    private static final int TCP = 6;

    /** A byte in 1,000 ns. */
    private static final RateLimit MEGABYTE = new RateLimit(8_000_000, 1_000);

    private static final long BYTE_NS = 1_000;

    private final PacketDescriptor packet = TestPackets.descriptor();
    private final TestFlowTable flows = new TestFlowTable(100);
    private final long[] flowOf = new long[10];
    private long sequence;
    private ShapeStage stage = new ShapeStage(settings(RateLimit.NONE, MEGABYTE, RateLimit.NONE), flows);

    /** Service 0 has a limit in both directions, service 1 none; class 2 may have one. */
    private static ShapeSettings settings(RateLimit link, RateLimit service, RateLimit class2) {
        return new ShapeSettings(
                link,
                List.of(
                        new ClassLimits(1_000, RateLimit.NONE),
                        new ClassLimits(1_000, RateLimit.NONE),
                        new ClassLimits(3, class2),
                        new ClassLimits(1_000, RateLimit.NONE)),
                List.of(new ServiceLimits(service, service), ServiceLimits.NONE),
                1);
    }

    private Verdict offer(EventKind kind, int protocol, int service, int trafficClass, int bytes, long nowNs) {
        return offer(kind, protocol, service, trafficClass, bytes, 1, Direction.TO_CLIENT, nowNs);
    }

    private Verdict datagram(int client, int service, int trafficClass, int bytes, long nowNs) {
        return offer(EventKind.DATA, UDP, service, trafficClass, bytes, client, Direction.TO_CLIENT, nowNs);
    }

    private Verdict offer(
            EventKind kind,
            int protocol,
            int service,
            int trafficClass,
            int bytes,
            int client,
            Direction direction,
            long nowNs) {
        packet.reset(kind, nowNs);
        packet.protocol(protocol);
        packet.service(service);
        packet.trafficClass(trafficClass);
        packet.direction(direction);
        packet.lengthBytes(bytes);
        packet.flowRef(flow(client));
        packet.argument0(++sequence);
        packet.payload(sequence);
        return stage.process(packet, nowNs);
    }

    private long flow(int client) {
        if (flowOf[client] == 0) {
            PacketDescriptor first = TestPackets.descriptor();
            first.reset(EventKind.DATA, 0);
            first.sourceLow(client);
            flowOf[client] = flows.insert(first);
        }
        return flowOf[client];
    }

    /** What leaves until a time: its number and when, such as {@code 3@2000}. */
    private List<String> until(long untilNs) {
        List<String> left = new ArrayList<>();
        for (long dueNs = stage.nextReleaseNs(); dueNs <= untilNs; dueNs = stage.nextReleaseNs()) {
            PacketDescriptor released = stage.next(dueNs);
            if (released != null) {
                assertEquals(dueNs, released.releaseNs());
                left.add(released.argument0() + "@" + dueNs);
                stage.released();
            }
        }
        return left;
    }

    @Test
    void shouldLetEverythingLeaveAtOnceWithoutALimit() {
        stage = new ShapeStage(new ShapeSettings(3, 3, 3, 3), flows);

        assertEquals(Verdict.CONTINUE, datagram(1, 0, 3, 65_000, 5));
        assertEquals(Long.MAX_VALUE, stage.nextReleaseNs());
    }

    @Test
    void shouldLetTheBurstPassAndHoldWhatIsMore() {
        assertEquals(Verdict.CONTINUE, datagram(1, 0, 3, 600, 0));
        assertEquals(Verdict.CONTINUE, datagram(1, 0, 3, 400, 0));
        assertEquals(Verdict.HOLD, datagram(1, 0, 3, 400, 0));

        assertEquals(400 * BYTE_NS, stage.nextReleaseNs());
        assertEquals(Verdict.CONTINUE, datagram(2, 1, 3, 600, 0), "another service has no limit");
    }

    @Test
    void shouldGiveAPacketBackWhole() {
        datagram(1, 0, 3, 1_000, 100);
        assertEquals(Verdict.HOLD, datagram(1, 0, 3, 1_000, 200));

        assertNull(packet.payload());
        assertEquals(1, stage.heldDatagrams(3, true));
        assertEquals(0, stage.heldDatagrams(3, false));
        long dueNs = stage.nextReleaseNs();
        assertEquals(100 + 1_000 * BYTE_NS, dueNs);
        PacketDescriptor held = stage.next(dueNs);
        assertNotNull(held);
        assertEquals(2L, held.payload());
        assertEquals(dueNs, held.releaseNs());
        assertEquals(200, held.arrivalNs());
        assertTrue((held.flags() & DescriptorFlags.WAS_HELD) != 0);
        stage.released();
        assertNull(held.payload());
        assertEquals(0, stage.heldDatagrams(3, true));
        assertEquals(Long.MAX_VALUE, stage.nextReleaseNs());
    }

    @Test
    void shouldReleaseAtTheRateToTheNanosecond() {
        for (int i = 0; i < 4; i++) {
            datagram(1, 0, 3, 1_000, 0);
        }

        assertEquals(List.of("2@1000000", "3@2000000", "4@3000000"), until(Long.MAX_VALUE - 1));
    }

    @Test
    void shouldShapeEachDirectionByItself() {
        datagram(1, 0, 3, 1_000, 0);

        assertEquals(Verdict.CONTINUE, offer(EventKind.DATA, UDP, 0, 3, 1_000, 1, Direction.TO_BACKEND, 0));
    }

    @Test
    void shouldKeepTheEndOfAStreamRightBehindItsBytes() {
        offer(EventKind.DATA, TCP, 0, 1, 1_000, 0);
        offer(EventKind.DATA, TCP, 0, 1, 1_000, 0);

        assertEquals(Verdict.HOLD, offer(EventKind.FIN, TCP, 0, 1, 0, 10));
        assertEquals(Verdict.CONTINUE, offer(EventKind.FIN, TCP, 0, 1, 0, 1, Direction.TO_BACKEND, 10));
        assertEquals(Verdict.CONTINUE, offer(EventKind.RESET, TCP, 0, 1, 0, 10));
        assertEquals(Verdict.CONTINUE, offer(EventKind.FIN, TCP, 0, 1, 0, 2, Direction.TO_CLIENT, 10));

        assertEquals(List.of("2@1000000", "3@1000000"), until(1_000_000));
    }

    @Test
    void shouldLetTheMostUrgentClassGoFirst() {
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 0, 1_000, 0);

        assertEquals(List.of("4@1000000", "2@2000000", "3@3000000"), until(Long.MAX_VALUE - 1));
    }

    @Test
    void shouldNotLetSmallPacketsPassByLargeOnes() {
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        datagram(2, 0, 3, 100, 0);

        List<String> left = until(Long.MAX_VALUE - 1);

        // The bucket opens for a packet of 1,000 bytes, whoever is the first to use it.
        assertEquals(List.of("2@1000000", "3@2000000"), left);
    }

    @Test
    void shouldGiveClientsTurnsByBytes() {
        datagram(1, 0, 3, 1_000, 0);
        for (int i = 0; i < 8; i++) {
            datagram(1, 0, 3, 1_000, 0);
        }
        for (int i = 0; i < 4; i++) {
            datagram(2, 0, 3, 1_000, 0);
        }

        List<String> left = until(8_000_000);

        long ofSecond = left.stream()
                .filter(one -> one.compareTo("10@") >= 0 && one.length() > 9)
                .count();
        assertEquals(8, left.size());
        assertEquals(4, ofSecond, left.toString());
    }

    @Test
    void shouldLetAServiceUseAllOfALinkThatOthersDoNotUse() {
        stage = new ShapeStage(settings(MEGABYTE, RateLimit.NONE, RateLimit.NONE), flows);
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        assertEquals(List.of("2@1000000"), until(1_500_000));
        datagram(1, 1, 3, 1_000, 1_500_000);
        datagram(1, 1, 3, 1_000, 1_500_000);

        assertEquals(List.of("3@2000000", "4@3000000", "5@4000000"), until(Long.MAX_VALUE - 1));
    }

    @Test
    void shouldHoldAClassToItsCeilingWhileOthersPass() {
        stage = new ShapeStage(settings(RateLimit.NONE, RateLimit.NONE, MEGABYTE), flows);
        datagram(1, 1, 2, 1_000, 0);

        assertEquals(Verdict.HOLD, datagram(1, 1, 2, 500, 0));
        assertEquals(Verdict.HOLD, datagram(1, 0, 2, 500, 0), "of the class, though of another service");
        assertEquals(Verdict.CONTINUE, datagram(2, 1, 3, 500, 0));
        assertEquals(List.of("2@500000", "3@1000000"), until(Long.MAX_VALUE - 1));
    }

    /** Nor is it to matter that the proxy went on from a checkpoint meanwhile. */
    @Test
    void shouldGiveAServiceItsGuaranteeInOneClassWhileItWaitsForTheCeilingOfAnother() {
        ShapeSettings settings = new ShapeSettings(
                MEGABYTE,
                List.of(
                        new ClassLimits(1_000, RateLimit.NONE),
                        new ClassLimits(1_000, RateLimit.NONE),
                        new ClassLimits(1_000, new RateLimit(80_000, 1_000)),
                        new ClassLimits(1_000, RateLimit.NONE)),
                List.of(
                        new ServiceLimits(new RateLimit(4_000_000, 10_000), RateLimit.NONE, RateLimit.NONE),
                        ServiceLimits.NONE),
                1);
        stage = new ShapeStage(settings, flows);
        datagram(1, 0, 2, 1_000, 0);
        for (int i = 2; i <= 7; i++) {
            datagram(2, 1, 1, 1_000, 0);
        }
        datagram(1, 0, 2, 1_000, 0);
        assertEquals(List.of("2@1000000", "3@2000000"), until(2_500 * BYTE_NS));
        SavedState saved = new SavedState();
        stage.save(saved);
        stage = new ShapeStage(settings, flows);
        stage.restore(saved.toRead());

        datagram(1, 0, 1, 1_000, 2_500 * BYTE_NS);

        assertEquals(List.of("9@3000000", "4@4000000", "5@5000000", "6@6000000", "7@7000000"), until(50_000 * BYTE_NS));
        assertEquals(List.of("8@100000000"), until(200_000 * BYTE_NS));
    }

    @Test
    void shouldDropDatagramsBeyondTheBoundOfTheirClass() {
        datagram(1, 0, 2, 1_000, 0);
        for (int i = 0; i < 3; i++) {
            assertEquals(Verdict.HOLD, datagram(1, 0, 2, 1_000, 0));
        }

        assertEquals(Verdict.DROP, datagram(1, 0, 2, 1_000, 0));
        assertEquals(DropReason.QUEUE_FULL, DropReason.in(packet));
        assertEquals(5L, packet.payload());
        assertEquals(Verdict.HOLD, datagram(1, 0, 3, 1_000, 0));
        assertEquals(1, until(1_000_000).size());
        assertEquals(Verdict.HOLD, datagram(1, 0, 2, 1_000, 1_000_000));
    }

    @Test
    void shouldLeaveRoomInAFullQueueForAClientThatHasNothingInIt() {
        datagram(1, 0, 3, 1_000, 0);
        int taken = 0;
        while (datagram(1, 0, 3, 1_000, 0) == Verdict.HOLD) {
            taken++;
        }

        assertEquals(814, taken);
        assertEquals(Verdict.HOLD, datagram(2, 0, 3, 1_000, 0));
    }

    @Test
    void shouldNeverDropBytesOfAStream() {
        offer(EventKind.DATA, TCP, 0, 2, 1_000, 0);
        for (int i = 0; i < 1_000; i++) {
            assertEquals(Verdict.HOLD, offer(EventKind.DATA, TCP, 0, 2, 1, 0));
        }
        List<String> left = until(Long.MAX_VALUE - 1);
        for (int i = 0; i < 1_000; i++) {
            assertTrue(left.get(i).startsWith(i + 2 + "@"), left.get(i));
        }
    }

    @Test
    void shouldLetAllLeaveWhenTheLimitIsTakenAway() {
        for (int i = 0; i < 4; i++) {
            datagram(1, 0, 3, 1_000, 0);
        }

        stage.apply(settings(RateLimit.NONE, RateLimit.NONE, RateLimit.NONE), null, 500);

        assertEquals(List.of("2@500", "3@500", "4@500"), until(500));
        assertEquals(Verdict.CONTINUE, datagram(1, 0, 3, 1_000, 500));
    }

    @Test
    void shouldGoOnByANewRateWithWhatWasEarnedByTheOld() {
        for (int i = 0; i < 3; i++) {
            datagram(1, 0, 3, 1_000, 0);
        }

        stage.apply(settings(RateLimit.NONE, new RateLimit(4_000_000, 1_000), RateLimit.NONE), null, 500_000);

        // 500 bytes were earned at a byte in 1,000 ns; the other 500 take 2,000 ns each.
        assertEquals(List.of("2@1500000", "3@3500000"), until(Long.MAX_VALUE - 1));
    }

    @Test
    void shouldDropButNotChargeForWhatOutlivedItsFlow() {
        datagram(1, 0, 3, 1_000, 0);
        datagram(1, 0, 3, 1_000, 0);
        datagram(2, 0, 3, 1_000, 0);
        flows.remove(flow(1));

        assertEquals(List.of("2@1000000", "3@1000000"), until(Long.MAX_VALUE - 1));
    }

    /** As where a recording of a service on TCP and UDP is compared with a configuration that has two services of them. */
    @Test
    void shouldGiveWhoSharedALimitItsOwn() {
        ShapeSettings one = settings(RateLimit.NONE, MEGABYTE, RateLimit.NONE);
        ServiceLimits limited = one.services().getFirst();
        stage = new ShapeStage(
                new ShapeSettings(one.link(), one.classes(), List.of(limited, ServiceLimits.sharing(0)), 1), flows);
        datagram(1, 0, 3, 1_000, 0);
        assertEquals(Verdict.HOLD, datagram(1, 1, 3, 1_000, 0));

        stage.apply(new ShapeSettings(one.link(), one.classes(), List.of(limited, ServiceLimits.NONE), 1), null, 0);

        assertEquals(Verdict.HOLD, datagram(1, 0, 3, 1_000, 0), "the one keeps its limit");
        assertEquals(Verdict.CONTINUE, datagram(2, 1, 3, 1_000, 0), "the other has none");
        assertEquals(
                List.of("2@0", "3@" + 1_000 * BYTE_NS),
                until(Long.MAX_VALUE - 1),
                "what waits goes on by the limits that it has now");
    }

    @Test
    void shouldShareALimitAmongShardsEvenly() {
        ShapeSettings whole = settings(RateLimit.NONE, new RateLimit(16_000_000, 2_000), RateLimit.NONE);
        stage = new ShapeStage(new ShapeSettings(whole.link(), whole.classes(), whole.services(), 2), flows);
        datagram(1, 0, 3, 1_000, 0);

        assertEquals(Verdict.HOLD, datagram(1, 0, 3, 1_000, 0));
        assertEquals(List.of("2@1000000"), until(Long.MAX_VALUE - 1));
    }
}
