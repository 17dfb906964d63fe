package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapeStageTest {
    private static final ShapeSettings SETTINGS = new ShapeSettings(3, 3, 3, 3);
    private static final int UDP = 17;
    private static final int TCP = 6;

    private final PacketDescriptor packet = TestPackets.descriptor();

    /** Each packet waits for as long as its argument 1 says. */
    private final ShapeStage stage = new ShapeStage(SETTINGS, (p, nowNs) -> nowNs + p.argument1());

    private Verdict offer(
            EventKind kind, int protocol, int trafficClass, Direction direction, long delayNs, long nowNs) {
        packet.reset(kind, nowNs);
        packet.protocol(protocol);
        packet.trafficClass(trafficClass);
        packet.direction(direction);
        packet.argument1(delayNs);
        packet.argument0(++sequence);
        packet.payload(sequence);
        return stage.process(packet, nowNs);
    }

    private long sequence;

    private long release() {
        long released = stage.next().argument0();
        stage.released();
        return released;
    }

    @Test
    void shouldLetEverythingLeaveAtOnceByDefault() {
        ShapeStage passThrough = new ShapeStage(SETTINGS);
        packet.reset(EventKind.DATA, 5);

        assertEquals(Verdict.CONTINUE, passThrough.process(packet, 5));
        assertEquals(Long.MAX_VALUE, passThrough.nextReleaseNs());
    }

    @Test
    void shouldHoldAPacketUntilItsTimeAndGiveItBackWhole() {
        assertEquals(Verdict.HOLD, offer(EventKind.DATA, UDP, 1, Direction.TO_CLIENT, 70, 100));

        assertNull(packet.payload());
        assertEquals(170, stage.nextReleaseNs());
        assertEquals(1, stage.heldPackets(1));
        PacketDescriptor held = stage.next();
        assertEquals(1L, held.payload());
        assertEquals(170, held.releaseNs());
        assertEquals(100, held.arrivalNs());
        assertTrue((held.flags() & DescriptorFlags.WAS_HELD) != 0);
        stage.released();
        assertNull(held.payload());
        assertEquals(0, stage.heldPackets(1));
        assertEquals(Long.MAX_VALUE, stage.nextReleaseNs());
    }

    @Test
    void shouldNotLetAPacketOvertakeOneThatWaits() {
        offer(EventKind.DATA, UDP, 1, Direction.TO_CLIENT, 70, 100);

        assertEquals(Verdict.HOLD, offer(EventKind.DATA, UDP, 1, Direction.TO_CLIENT, 0, 101));

        assertEquals(1, release());
        assertEquals(170, stage.nextReleaseNs());
        assertEquals(2, release());
    }

    @Test
    void shouldKeepTheEndOfAStreamBehindItsBytes() {
        offer(EventKind.DATA, TCP, 1, Direction.TO_CLIENT, 70, 100);

        assertEquals(Verdict.HOLD, offer(EventKind.FIN, TCP, 1, Direction.TO_CLIENT, 0, 101));
        assertEquals(Verdict.CONTINUE, offer(EventKind.FIN, TCP, 1, Direction.TO_BACKEND, 0, 101));
        assertEquals(Verdict.CONTINUE, offer(EventKind.RESET, TCP, 1, Direction.TO_CLIENT, 0, 101));

        assertEquals(1, release());
        assertEquals(EventKind.FIN, stage.next().kind());
    }

    @Test
    void shouldDropDatagramsBeyondTheBoundOfTheirClassOnly() {
        for (int i = 0; i < 3; i++) {
            assertEquals(Verdict.HOLD, offer(EventKind.DATA, UDP, 2, Direction.of(i & 1), 70, 100));
        }

        assertEquals(Verdict.DROP, offer(EventKind.DATA, UDP, 2, Direction.TO_CLIENT, 70, 100));
        assertEquals(DropReason.QUEUE_FULL, DropReason.in(packet));
        assertEquals(4L, packet.payload());
        assertEquals(Verdict.HOLD, offer(EventKind.DATA, UDP, 3, Direction.TO_CLIENT, 70, 100));
        release();
        assertEquals(Verdict.HOLD, offer(EventKind.DATA, UDP, 2, Direction.TO_CLIENT, 70, 100));
    }

    @Test
    void shouldNeverDropBytesOfAStream() {
        for (int i = 0; i < 1_000; i++) {
            assertEquals(Verdict.HOLD, offer(EventKind.DATA, TCP, 2, Direction.TO_CLIENT, 70, 100));
        }
        for (long i = 1; i <= 1_000; i++) {
            assertSame(EventKind.DATA, stage.next().kind());
            assertEquals(i, release());
        }
    }

    @Test
    void shouldReleaseHigherClassesFirstOfThoseDueTogether() {
        offer(EventKind.DATA, UDP, 3, Direction.TO_BACKEND, 70, 100);
        offer(EventKind.DATA, UDP, 0, Direction.TO_CLIENT, 70, 100);
        offer(EventKind.DATA, UDP, 0, Direction.TO_BACKEND, 70, 100);
        offer(EventKind.DATA, UDP, 1, Direction.TO_BACKEND, 69, 100);

        assertEquals(4, release());
        assertEquals(3, release());
        assertEquals(2, release());
        assertEquals(1, release());
    }

    @Test
    void shouldTakeOverASmallerBoundWithoutLosingWhatWaits() {
        for (int i = 0; i < 3; i++) {
            offer(EventKind.DATA, UDP, 2, Direction.TO_CLIENT, 70, 100);
        }

        stage.apply(new ShapeSettings(1, 1, 1, 1));

        assertEquals(Verdict.DROP, offer(EventKind.DATA, UDP, 2, Direction.TO_CLIENT, 70, 100));
        for (long i = 1; i <= 3; i++) {
            assertEquals(i, release());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAgreeWithADequeOverRandomOperations(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        HeldQueue queue = new HeldQueue();
        Deque<Long> model = new ArrayDeque<>();
        for (int i = 0; i < 100_000; i++) {
            boolean filling = ((i >> 12) & 1) == 0;
            if (random.nextInt(10) < (filling ? 6 : 4)) {
                packet.reset(EventKind.DATA, i);
                packet.releaseNs(i);
                packet.payload((long) i);
                queue.add(packet);
                model.addLast((long) i);
            } else if (!model.isEmpty()) {
                assertEquals(model.removeFirst(), queue.head().takePayload());
                queue.removeHead();
            }
            assertEquals(model.size(), queue.size());
            assertEquals(model.isEmpty(), queue.isEmpty());
            assertEquals(model.isEmpty() ? Long.MAX_VALUE : model.getFirst(), queue.nextReleaseNs());
            assertEquals(model.isEmpty() ? Long.MIN_VALUE : model.getLast(), queue.lastReleaseNs());
        }
    }
}
