package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How long datagrams wait when twice as much comes as the link takes, over a virtual minute. The senders are such as QUIC's and TCP's
 * are: a window that grows by a packet a round trip, and halves when a packet was marked or lost (RFC 5681, RFC 9002).
 */
class ShapeDelayTest {
    private static final int UDP = 17;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long MS = 1_000_000L;
    private static final int BYTES = 1_250;
    private static final int QUEUE = 1_000;
    private static final long LINK_BITS = 40_000_000;
    private static final long ROUND_TRIP_NS = 20 * MS;
    private static final long RUN_NS = 60 * SECOND_NS;

    /** The windows' first growth is over by then. */
    private static final long WARM_UP_NS = 5 * SECOND_NS;

    private static final CodelSettings USUAL = new CodelSettings(5 * MS, 100 * MS);

    private final TestFlowTable flows = new TestFlowTable(100);
    private final PacketDescriptor packet = TestPackets.descriptor();
    private Histogram delays = new Histogram(10 * SECOND_NS, 3);
    private long bytes;
    private int marked;
    private int dropped;

    /** What a sender hears a round trip after it sent, or when it may send by its own rate. */
    private record Event(long atNs, long number, Sender sender, boolean isAnswer, boolean isCongested) {}

    /** Sends as much as the link takes, if its window lets it. */
    private static final class Sender {
        final int client;
        final int ecn;
        final boolean listens;
        double window = 10;
        final Histogram delays = new Histogram(10 * SECOND_NS, 3);
        int underway;
        long halvedNs = -ROUND_TRIP_NS - 1;

        Sender(int client, int ecn, boolean listens) {
            this.client = client;
            this.ecn = ecn;
            this.listens = listens;
        }

        void hears(boolean isCongested, long nowNs) {
            underway--;
            if (!isCongested) {
                window += 1 / window;
            } else if (nowNs - halvedNs > ROUND_TRIP_NS) {
                window = Math.max(2, window / 2);
                halvedNs = nowNs;
            }
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>((one, other) ->
            one.atNs == other.atNs ? Long.compare(one.number, other.number) : Long.compare(one.atNs, other.atNs));
    private long number;

    private void plan(long atNs, Sender sender, boolean isAnswer, boolean isCongested) {
        events.add(new Event(atNs, number++, sender, isAnswer, isCongested));
    }

    private void run(CodelSettings codel, Sender... senders) {
        ClassLimits one = new ClassLimits(QUEUE, RateLimit.NONE);
        ShapeStage stage = new ShapeStage(
                new ShapeSettings(new RateLimit(LINK_BITS, 16_384), List.of(one, one, one, one), List.of(), 1, codel),
                flows);
        long[] flowRefs = Arrays.stream(senders).mapToLong(this::flow).toArray();
        for (Sender sender : senders) {
            plan(sender.client * MS, sender, false, false);
        }
        for (Event event = events.remove(); event.atNs < RUN_NS; event = events.remove()) {
            release(stage, event.atNs, senders);
            Sender sender = event.sender;
            if (event.isAnswer) {
                sender.hears(event.isCongested, event.atNs);
            } else {
                if (!sender.listens || sender.underway < sender.window) {
                    send(stage, sender, flowRefs[sender.client], event.atNs);
                }
                plan(event.atNs + BYTES * 8 * SECOND_NS / LINK_BITS, sender, false, false);
            }
            release(stage, event.atNs, senders);
        }
    }

    private long flow(Sender sender) {
        packet.reset(EventKind.DATA, 0);
        packet.sourceLow(sender.client);
        return flows.insert(packet);
    }

    private void send(ShapeStage stage, Sender sender, long flowRef, long nowNs) {
        sender.underway++;
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(UDP);
        packet.direction(Direction.TO_BACKEND);
        packet.lengthBytes(BYTES);
        packet.argument0(sender.client);
        packet.flowRef(flowRef);
        packet.ingressEcn(sender.ecn);
        Verdict verdict = stage.process(packet, nowNs);
        if (verdict == Verdict.CONTINUE) {
            left(packet, sender, nowNs, false);
        } else if (verdict == Verdict.DROP) {
            plan(nowNs + ROUND_TRIP_NS, sender, true, true);
        }
    }

    private void release(ShapeStage stage, long untilNs, Sender... senders) {
        for (long dueNs = stage.nextReleaseNs(); dueNs <= untilNs; dueNs = stage.nextReleaseNs()) {
            PacketDescriptor released = stage.next(dueNs);
            if (released != null) {
                Sender sender = senders[(int) released.argument0()];
                if (Verdict.in(released) == Verdict.DROP) {
                    dropped++;
                    plan(dueNs + ROUND_TRIP_NS, sender, true, true);
                } else {
                    boolean isMarked = (released.flags() & DescriptorFlags.CE_MARKED) != 0;
                    marked += isMarked ? 1 : 0;
                    left(released, sender, dueNs, isMarked);
                }
                stage.released();
            }
        }
    }

    private void left(PacketDescriptor gone, Sender sender, long nowNs, boolean isMarked) {
        if (nowNs > WARM_UP_NS) {
            bytes += gone.lengthBytes();
            delays.recordValue(nowNs - gone.arrivalNs());
            sender.delays.recordValue(nowNs - gone.arrivalNs());
        }
        plan(nowNs + ROUND_TRIP_NS, sender, true, isMarked);
    }

    private double p95Ms() {
        return delays.getValueAtPercentile(95) / 1e6;
    }

    /** How much of the link was used. */
    private double used() {
        return bytes * 8.0 / LINK_BITS / ((RUN_NS - WARM_UP_NS) / 1e9);
    }

    private void tell(String what) {
        System.out.printf(
                "%s: p50 %.1f ms, p95 %.1f ms, max %.1f ms, %.1f %% of the link, %d marked, %d dropped late%n",
                what,
                delays.getValueAtPercentile(50) / 1e6,
                p95Ms(),
                delays.getMaxValue() / 1e6,
                100 * used(),
                marked,
                dropped);
    }

    @Test
    void shouldHaveDatagramsWaitForHundredsOfMillisecondsInAQueueThatOnlyEndsWhenItIsFull() {
        run(CodelSettings.OFF, new Sender(0, Ecn.NOT_CAPABLE, true), new Sender(1, Ecn.CAPABLE_0, true));
        tell("tail drop");
        assertTrue(p95Ms() > 200, p95Ms() + " ms");
        assertTrue(used() > 0.99, used() + " of the link");
        assertEquals(0, marked + dropped);
    }

    @Test
    void shouldKeepTheDelayOfSendersThatUseEcnShortAndDropNothing() {
        run(USUAL, new Sender(0, Ecn.CAPABLE_0, true), new Sender(1, Ecn.CAPABLE_1, true));
        tell("CoDel, ECN");
        assertTrue(p95Ms() < 10, p95Ms() + " ms");
        assertTrue(used() > 0.9, used() + " of the link");
        assertTrue(marked > 50, marked + " marked");
        assertEquals(0, dropped);
    }

    @Test
    void shouldKeepTheDelayOfSendersWithoutEcnShortByDrops() {
        run(USUAL, new Sender(0, Ecn.NOT_CAPABLE, true), new Sender(1, Ecn.NOT_CAPABLE, true));
        tell("CoDel, drops");
        assertTrue(p95Ms() < 10, p95Ms() + " ms");
        assertTrue(used() > 0.9, used() + " of the link");
        assertTrue(dropped > 50, dropped + " dropped");
        assertEquals(0, marked);
    }

    /** One who does not listen fills his own queue, and the other's stays short. */
    @Test
    void shouldNotHaveOneWaitForAnothersFlood() {
        Sender deaf = new Sender(0, Ecn.NOT_CAPABLE, false);
        Sender other = new Sender(1, Ecn.CAPABLE_0, true);
        run(USUAL, deaf, other);
        tell("CoDel, one deaf");
        delays = other.delays;
        tell("the other");
        assertTrue(p95Ms() < 10, p95Ms() + " ms");
        assertTrue(dropped > 1_000, dropped + " of the flood dropped");
        assertTrue(marked > 50, marked + " of the other's marked");
    }

    /** RFC 8289 is for senders that react: those that do not keep the queue full, and what they wait is what the class may hold. */
    @ParameterizedTest
    @ValueSource(ints = {Ecn.NOT_CAPABLE, Ecn.CAPABLE_0})
    void shouldNeverHaveThoseWhoDoNotListenWaitForMoreThanTheClassMayHold(int ecn) {
        run(USUAL, new Sender(0, ecn, false), new Sender(1, ecn, false));
        tell("CoDel, all deaf" + (ecn == Ecn.NOT_CAPABLE ? "" : ", ECN"));
        // One datagram more: the one that leaves.
        double mostMs = (QUEUE + 1) * BYTES * 8.0 * SECOND_NS / LINK_BITS / MS;
        assertTrue(delays.getMaxValue() / 1e6 <= mostMs, delays.getMaxValue() / 1e6 + " ms, of " + mostMs);
        assertTrue(p95Ms() > 10, "nothing makes it short: " + p95Ms() + " ms");
        assertTrue(used() > 0.99, used() + " of the link");
        assertEquals(0, ecn == Ecn.NOT_CAPABLE ? marked : dropped, "by drops or by marks");
        assertTrue((ecn == Ecn.NOT_CAPABLE ? dropped : marked) > 1_000, dropped + " dropped, " + marked + " marked");
    }
}
