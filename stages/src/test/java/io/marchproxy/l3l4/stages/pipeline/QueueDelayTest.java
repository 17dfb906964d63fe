package io.marchproxy.l3l4.stages.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of datagrams, and of their flows and books, that are marked or dropped since they have waited too long. */
class QueueDelayTest {
    private static final int LEAST = 3;
    private static final int SESSIONS = 60;
    private static final int BYTES = 1_000;
    private static final long MS = 1_000_000;

    /** A kilobyte takes a millisecond. */
    private static final RateLimit LINK = new RateLimit(8_000_000, BYTES);

    private final Bench bench = new Bench(settings());

    private static PipelineSettings settings() {
        ServiceProfile game = TestSettings.services().get(TestSettings.GAME);
        PipelineSettings initial = TestSettings.with(new ServiceProfile(
                game.id(), game.name(), game.protocol(), true, LEAST, game.idleTimeoutNs(), SESSIONS, true, 0));
        ShapeSettings shape =
                new ShapeSettings(LINK, initial.shape().classes(), List.of(), 1, new CodelSettings(MS, 10 * MS));
        return new PipelineSettings(1, "h", initial.classify(), shape, initial.mark(), initial.route());
    }

    /** Two datagrams a millisecond, each from a port of its own. */
    private void flood(int datagrams, int ecn) {
        for (int i = 0; i < datagrams; i++) {
            bench.at(i * MS / 2).datagram(TestSettings.GAME, 5_000 + i, BYTES);
            bench.event.ingressEcn(ecn);
            bench.send();
        }
    }

    private long dropped() {
        return bench.pipeline
                .books()
                .droppedPackets(TestSettings.GAME, LEAST, Direction.TO_BACKEND, DropReason.QUEUE_DELAY);
    }

    private long marked() {
        return bench.pipeline.books().markedPackets(TestSettings.GAME, LEAST, Direction.TO_BACKEND);
    }

    @Test
    void shouldDropOfSendersWithoutEcn() {
        flood(SESSIONS, Ecn.NOT_CAPABLE);
        bench.advanceTo(1_000 * MS);

        assertTrue(dropped() > 2, dropped() + " dropped");
        assertEquals(0, marked());
        assertEquals(
                SESSIONS - dropped(),
                bench.pipeline.books().outPackets(TestSettings.GAME, LEAST, Direction.TO_BACKEND));
        assertEquals(
                dropped(),
                bench.journal().stream()
                        .filter(line -> line.startsWith("DROP QUEUE_DELAY DATA"))
                        .count());
    }

    @Test
    void shouldMarkAndDropNothingOfSendersThatUseEcn() {
        flood(SESSIONS, Ecn.CAPABLE_1);
        bench.advanceTo(1_000 * MS);

        assertTrue(marked() > 2, marked() + " marked");
        assertEquals(
                marked() * BYTES, bench.pipeline.books().markedBytes(TestSettings.GAME, LEAST, Direction.TO_BACKEND));
        assertEquals(0, dropped());
        assertEquals(SESSIONS, bench.pipeline.books().outPackets(TestSettings.GAME, LEAST, Direction.TO_BACKEND));
    }

    /** The others of its flow may be on their way behind it; the next one that leaves is routed and opens the session. */
    @Test
    void shouldKeepTheFlowOfWhichItDroppedTheFirstPacket() {
        flood(SESSIONS, Ecn.NOT_CAPABLE);
        List<String> out = List.copyOf(bench.advanceTo(1_000 * MS));
        assertTrue(out.stream().anyMatch(line -> line.startsWith("drop QUEUE_DELAY")), out.toString());

        for (int port = 5_000; port < 5_000 + SESSIONS; port++) {
            bench.after(10 * MS).datagram(TestSettings.GAME, port, BYTES);
            assertEquals("forward DATA ▶ P3 dscp 0 backend 20 1000 B", bench.sendOne());
            assertNotEquals(PacketDescriptor.NO_FLOW, bench.flowRef());
        }
    }

    @Test
    void shouldNeverDropBytesOfAStream() {
        bench.open(TestSettings.WEB, 4_000);
        bench.send();
        long flow = bench.flowRef();
        bench.of(EventKind.CONNECTED, flow, Direction.TO_BACKEND);
        bench.send();
        for (int i = 0; i < 200; i++) {
            bench.at(i * MS / 2).of(EventKind.DATA, flow, Direction.TO_BACKEND).lengthBytes(BYTES);
            bench.send();
        }
        bench.advanceTo(1_000 * MS);

        assertEquals(200, bench.pipeline.books().outPackets(TestSettings.WEB, 1, Direction.TO_BACKEND));
    }

    @Test
    void shouldTellHowLongEachClassWaited() {
        flood(SESSIONS, Ecn.CAPABLE_0);
        bench.advanceTo(1_000 * MS);

        long held = SESSIONS - 1;
        assertEquals(
                held, bench.pipeline.holds(LEAST, Direction.TO_BACKEND).total().getTotalCount());
        long longestNs =
                bench.pipeline.holds(LEAST, Direction.TO_BACKEND).total().getMaxValue();
        assertEquals(held * 0.0005, longestNs / 1e9, 0.001, "the last one's, in seconds");
        assertEquals(0, bench.pipeline.holds(LEAST, Direction.TO_CLIENT).total().getTotalCount());
        assertEquals(0, bench.pipeline.holds(0, Direction.TO_BACKEND).total().getTotalCount());
    }
}
