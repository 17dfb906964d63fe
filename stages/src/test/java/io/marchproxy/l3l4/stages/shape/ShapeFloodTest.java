package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What a quiet service and a quiet client notice of a flood by many addresses of a service that is held to its rate, in the same class, over
 * virtual seconds: no loss, and hardly a delay.
 */
class ShapeFloodTest {
    private static final int UDP = 17;
    private static final long MBIT = 1_000_000L;
    private static final long MS = 1_000_000L;
    private static final long RUN_NS = 3_000 * MS;
    private static final int FLOODING = 130;
    private static final int QUEUE = 1_000;

    private static final int CAPPED = 0;
    private static final int QUIET = 1;
    private static final int OTHER = 2;
    private static final int ALSO_CAPPED = 3;

    private final TestFlowTable flows = new TestFlowTable(1_000);
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final long[][] flowRefs = new long[4][FLOODING + 1];
    private final int[] dropped = new int[4];
    private final int[] held = new int[4];
    private final long[] bytes = new long[4];
    private final long[] longestNs = new long[4];

    /** Of the quiet client of the capped service. */
    private int quietClientDropped;

    private int quietClientHeld;

    private ShapeStage stage(long linkMbit) {
        return stage(linkMbit, RateLimit.NONE, capped(10));
    }

    private ShapeStage stage(long linkMbit, RateLimit ofClass, ServiceLimits flooded) {
        ClassLimits one = new ClassLimits(QUEUE, RateLimit.NONE);
        return new ShapeStage(
                new ShapeSettings(
                        new RateLimit(linkMbit * MBIT, 64 << 10),
                        List.of(one, one, one, new ClassLimits(QUEUE, ofClass)),
                        List.of(flooded, ServiceLimits.NONE, ServiceLimits.NONE, capped(5)),
                        1),
                flows);
    }

    private static ServiceLimits capped(long mbit) {
        RateLimit limit = new RateLimit(mbit * MBIT, 16_384);
        return new ServiceLimits(limit, limit);
    }

    private void send(ShapeStage stage, int service, int trafficClass, int client, int size, long nowNs) {
        packet.reset(EventKind.DATA, nowNs);
        packet.sourceLow(client);
        packet.sourcePort(1_000 + service);
        if (flowRefs[service][client] == 0) {
            flowRefs[service][client] = flows.insert(packet);
        }
        packet.protocol(UDP);
        packet.service(service);
        packet.trafficClass(trafficClass);
        packet.direction(Direction.TO_CLIENT);
        packet.lengthBytes(size);
        packet.argument0(client);
        packet.flowRef(flowRefs[service][client]);
        Verdict verdict = stage.process(packet, nowNs);
        if (verdict == Verdict.CONTINUE) {
            bytes[service] += size;
        } else if (verdict == Verdict.HOLD) {
            held[service]++;
            quietClientHeld += service == CAPPED && client == FLOODING ? 1 : 0;
        } else {
            dropped[service]++;
            quietClientDropped += service == CAPPED && client == FLOODING ? 1 : 0;
        }
        releaseUntil(stage, nowNs);
    }

    private void releaseUntil(ShapeStage stage, long untilNs) {
        for (long dueNs = stage.nextReleaseNs(); dueNs <= untilNs; dueNs = stage.nextReleaseNs()) {
            PacketDescriptor released = stage.next(dueNs);
            if (released != null) {
                int service = released.service();
                bytes[service] += released.lengthBytes();
                longestNs[service] = Math.max(longestNs[service], dueNs - released.arrivalNs());
                stage.released();
            }
        }
    }

    /** All addresses of the capped services flood at ten times their rates, and others use as much of the link as they are said to. */
    private void run(ShapeStage stage, long othersMbit, boolean twoFlood) {
        long othersGapNs = 1_250L * 8 * 1_000 / Math.max(1, othersMbit);
        long othersNs = othersMbit == 0 ? Long.MAX_VALUE : 0;
        for (long nowNs = 0; nowNs < RUN_NS; nowNs += MS / 10) {
            for (; othersNs <= nowNs; othersNs += othersGapNs) {
                releaseUntil(stage, othersNs);
                send(stage, OTHER, 2, 0, 1_250, othersNs);
            }
            releaseUntil(stage, nowNs);
            long tick = nowNs / (MS / 10);
            // A hundred megabits a second in all, by 130 addresses in turns.
            send(stage, CAPPED, 3, (int) (tick % FLOODING), 1_250, nowNs);
            if (twoFlood) {
                send(stage, ALSO_CAPPED, 3, (int) (tick % FLOODING), 1_250, nowNs);
            }
            if (tick % 10 == 5) {
                send(stage, QUIET, 3, 0, 200, nowNs);
            }
            if (tick % 1_000 == 7) {
                send(stage, CAPPED, 3, FLOODING, 200, nowNs);
            }
        }
    }

    private String told() {
        return "dropped " + Arrays.toString(dropped) + ", held " + Arrays.toString(held) + ", longest "
                + Arrays.toString(longestNs) + " ns, bytes " + Arrays.toString(bytes);
    }

    @Test
    void shouldLetAQuietServicePassAtOnceBesideAFloodWhileTheLinkIsIdle() {
        run(stage(1_000), 0, false);

        assertTrue(dropped[CAPPED] > 10_000, told());
        assertEquals(0, dropped[QUIET], told());
        assertEquals(0, held[QUIET], told());
        assertEquals(0, quietClientDropped, "a quiet client of the flooded service");
    }

    @Test
    void shouldLetAQuietServicePassAtOnceUnderACeilingOfItsClassThatIsNotReached() {
        run(stage(1_000, new RateLimit(20 * MBIT, 16_384), capped(10)), 0, false);

        assertTrue(dropped[CAPPED] > 10_000, told());
        assertEquals(0, dropped[QUIET], told());
        assertTrue(held[QUIET] < 100, "but for moments in which others have used up its burst: " + told());
    }

    @Test
    void shouldLetAQuietClientPassAtOnceWhileOthersOfItsServiceAreAtCeilingsOfTheirOwn() {
        RateLimit client = new RateLimit(MBIT / 10, 4_096);
        run(
                stage(
                        1_000,
                        RateLimit.NONE,
                        capped(200).with(new EachLimits(client, client, RateLimit.NONE, RateLimit.NONE))),
                0,
                false);

        assertTrue(dropped[CAPPED] > 10_000, told());
        assertEquals(0, quietClientHeld + quietClientDropped, told());
    }

    @Test
    void shouldKeepRoomForAQuietServiceBesideAFloodWhileTheLinkIsSaturated() {
        run(stage(100), 200, false);

        assertTrue(dropped[CAPPED] > 10_000 && dropped[OTHER] > 10_000, told());
        assertTrue(bytes[OTHER] * 8 / MBIT > 250, "the link is full: " + told());
        assertEquals(0, dropped[QUIET], told());
        assertTrue(longestNs[QUIET] < MS, told());
        assertEquals(0, quietClientDropped, "a quiet client of the flooded service");
    }

    @Test
    void shouldKeepRoomForAQuietServiceBesideTwoFloods() {
        run(stage(100), 200, true);

        assertTrue(dropped[CAPPED] > 10_000 && dropped[ALSO_CAPPED] > 10_000, told());
        assertEquals(0, dropped[QUIET], told());
        assertTrue(longestNs[QUIET] < MS, told());
    }
}
