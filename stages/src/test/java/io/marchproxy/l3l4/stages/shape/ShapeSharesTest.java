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
import java.util.Random;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/** Who gets how much when all want more, over virtual seconds: guarantees, weights, priority, fairness, and nothing left unused. */
class ShapeSharesTest {
    private static final int UDP = 17;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long MBIT = 1_000_000L;
    private static final int FRAME = 1_250;

    private final TestFlowTable flows = new TestFlowTable(100);
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final long[][] flowRefs = new long[10][64];
    private final long[][] bytes = new long[10][64];
    /** What packets of service 0's client 0 waited. */
    private final Histogram delaysNs = new Histogram(3);

    private final Random random = new Random(7);
    private long urgentDropped;

    private static RateLimit mbit(long rate) {
        return rate == 0
                ? RateLimit.NONE
                : new RateLimit(rate * MBIT, Math.clamp(rate * MBIT / 2_000, 16_384, 1 << 20));
    }

    private static ClassLimits of(long guarantee, long ceiling, int weight) {
        return new ClassLimits(1_000, mbit(guarantee), mbit(ceiling), weight);
    }

    /** A sender of datagrams: so many megabits a second, at moments that are a little random. */
    private final class Sender {
        final int service;
        final int trafficClass;
        final int client;
        final int size;
        final double gapNs;
        double nextNs;

        Sender(int service, int trafficClass, int client, double mbit, int size) {
            this.service = service;
            this.trafficClass = trafficClass;
            this.client = client;
            this.size = size;
            gapNs = size * 8 * 1e9 / (mbit * MBIT);
            nextNs = random.nextDouble() * gapNs;
        }

        void send(ShapeStage stage) {
            long nowNs = (long) nextNs;
            nextNs += gapNs * (0.5 + random.nextDouble());
            packet.reset(EventKind.DATA, nowNs);
            packet.protocol(UDP);
            packet.service(service);
            packet.trafficClass(trafficClass);
            packet.direction(Direction.TO_CLIENT);
            packet.lengthBytes(size);
            packet.argument0(client);
            packet.flowRef(flow(service, client));
            Verdict verdict = stage.process(packet, nowNs);
            if (verdict == Verdict.CONTINUE) {
                left(packet, nowNs);
            } else if (verdict == Verdict.DROP && trafficClass == 0) {
                urgentDropped++;
            }
        }
    }

    private long flow(int service, int client) {
        if (flowRefs[service][client] == 0) {
            PacketDescriptor first = TestPackets.descriptor();
            first.reset(EventKind.DATA, 0);
            first.sourceLow(client);
            flowRefs[service][client] = flows.insert(first);
        }
        return flowRefs[service][client];
    }

    private void left(PacketDescriptor gone, long nowNs) {
        bytes[gone.service()][(int) gone.argument0()] += gone.lengthBytes();
        if (gone.service() == 0 && gone.argument0() == 0) {
            delaysNs.recordValue(nowNs - gone.arrivalNs());
        }
    }

    private void run(ShapeSettings settings, long forNs, Sender... senders) {
        ShapeStage stage = new ShapeStage(settings, flows);
        while (true) {
            Sender next = Arrays.stream(senders)
                    .min((one, other) -> Double.compare(one.nextNs, other.nextNs))
                    .orElseThrow();
            long untilNs = (long) next.nextNs;
            for (long dueNs = stage.nextReleaseNs(); dueNs <= untilNs; dueNs = stage.nextReleaseNs()) {
                PacketDescriptor released = stage.next(dueNs);
                if (released != null) {
                    left(released, dueNs);
                    stage.released();
                }
            }
            if (untilNs > forNs) {
                return;
            }
            next.send(stage);
        }
    }

    private double mbitOf(int service, int client, long inNs) {
        return bytes[service][client] * 8.0 / MBIT / ((double) inNs / SECOND_NS);
    }

    /** 1 Gbit/s, of which 850 Mbit/s are promised; the other 150 go to P1, P2 and P3 as 4 to 2 to 1. P0 takes what it may: 200. */
    @Test
    void shouldKeepEveryGuaranteeAndShareTheRestByWeight() {
        ShapeSettings settings = new ShapeSettings(
                mbit(1_000), List.of(of(200, 200, 1), of(300, 0, 4), of(300, 0, 2), of(50, 0, 1)), List.of(), 1);
        long forNs = 2 * SECOND_NS;

        run(
                settings,
                forNs,
                new Sender(0, 0, 0, 400, FRAME),
                new Sender(1, 1, 1, 800, 1_400),
                new Sender(2, 2, 2, 800, 700),
                new Sender(3, 3, 3, 800, 300));

        double[] got = {mbitOf(0, 0, forNs), mbitOf(1, 1, forNs), mbitOf(2, 2, forNs), mbitOf(3, 3, forNs)};
        double[] wanted = {200, 300 + 150 * 4 / 7.0, 300 + 150 * 2 / 7.0, 50 + 150 / 7.0};
        for (int i = 0; i < 4; i++) {
            assertEquals(wanted[i], got[i], wanted[i] * 0.03, "P" + i + " of " + Arrays.toString(got));
        }
        assertEquals(1_000, Arrays.stream(got).sum(), 5, "nothing is left unused");
    }

    @Test
    void shouldLendWhatIsNotUsed() {
        ShapeSettings settings = new ShapeSettings(
                mbit(1_000), List.of(of(200, 0, 1), of(300, 0, 4), of(300, 0, 2), of(50, 0, 1)), List.of(), 1);

        run(settings, SECOND_NS, new Sender(1, 1, 1, 100, FRAME), new Sender(3, 3, 3, 2_000, FRAME));

        assertEquals(100, mbitOf(1, 1, SECOND_NS), 5);
        assertEquals(900, mbitOf(3, 3, SECOND_NS), 15);
    }

    @Test
    void shouldKeepAServicesGuaranteeAgainstOthersOfItsClass() {
        ShapeSettings settings = new ShapeSettings(
                mbit(100),
                List.of(of(0, 0, 1), of(0, 0, 1), of(0, 0, 1), of(0, 0, 1)),
                List.of(
                        new ServiceLimits(mbit(60), RateLimit.NONE, RateLimit.NONE),
                        ServiceLimits.NONE,
                        ServiceLimits.NONE),
                1);

        run(
                settings,
                2 * SECOND_NS,
                new Sender(0, 3, 1, 200, FRAME),
                new Sender(1, 3, 2, 200, FRAME),
                new Sender(2, 1, 3, 200, FRAME));

        // 60, and of the other 40 half to P1 and half to P3, which its two services share.
        assertEquals(70, mbitOf(0, 1, 2 * SECOND_NS), 2);
        assertEquals(10, mbitOf(1, 2, 2 * SECOND_NS), 1);
        assertEquals(20, mbitOf(2, 3, 2 * SECOND_NS), 1);
    }

    /** P3 lets a packet of the service go each 120 ms. What it has in P1, which others flood, has its guarantee at any time. */
    @Test
    void shouldKeepAServicesGuaranteeWhileOneOfItsClassesIsAtItsCeiling() {
        ShapeSettings settings = new ShapeSettings(
                mbit(10),
                List.of(
                        of(0, 0, 1),
                        of(0, 0, 1),
                        of(0, 0, 1),
                        new ClassLimits(1_000, RateLimit.NONE, new RateLimit(100_000, 1_500), 1)),
                List.of(
                        new ServiceLimits(mbit(5), RateLimit.NONE, RateLimit.NONE),
                        ServiceLimits.NONE,
                        ServiceLimits.NONE,
                        ServiceLimits.NONE),
                1);

        run(
                settings,
                10 * SECOND_NS,
                new Sender(0, 1, 0, 4, FRAME),
                new Sender(0, 3, 1, 1, 1_500),
                new Sender(1, 1, 2, 20, FRAME),
                new Sender(2, 1, 3, 20, FRAME),
                new Sender(3, 1, 4, 20, FRAME));

        // Two packets before it, 1 ms each, and two of its own.
        assertTrue(delaysNs.getMaxValue() < 4_500_000, "at the most " + delaysNs.getMaxValue() + " ns");
        assertEquals(4, mbitOf(0, 0, 10 * SECOND_NS), 0.1);
        assertEquals(0.1, mbitOf(0, 1, 10 * SECOND_NS), 0.01);
    }

    @Test
    void shouldHoldServiceAndClassToTheirCeilingsTogether() {
        ShapeSettings settings = new ShapeSettings(
                mbit(1_000),
                List.of(of(0, 0, 1), of(0, 0, 1), of(0, 0, 1), of(0, 100, 1)),
                List.of(new ServiceLimits(mbit(30), mbit(30)), ServiceLimits.NONE, ServiceLimits.NONE),
                1);

        run(
                settings,
                2 * SECOND_NS,
                new Sender(0, 3, 1, 200, FRAME),
                new Sender(1, 3, 2, 200, FRAME),
                new Sender(2, 2, 3, 2_000, FRAME));

        assertEquals(30, mbitOf(0, 1, 2 * SECOND_NS), 0.5);
        assertEquals(70, mbitOf(1, 2, 2 * SECOND_NS), 1);
        assertEquals(900, mbitOf(2, 3, 2 * SECOND_NS), 10);
    }

    /** P0 at 5 % of the link while P3, which is guaranteed a part, floods it three times over. */
    @Test
    void shouldLetUrgentPacketsPassAFlood() {
        ShapeSettings settings = new ShapeSettings(
                mbit(100), List.of(of(0, 0, 1), of(0, 0, 1), of(0, 0, 1), of(10, 0, 1)), List.of(), 1);

        run(settings, 5 * SECOND_NS, new Sender(0, 0, 0, 5, 200), new Sender(1, 3, 1, 300, 1_400));

        assertTrue(delaysNs.getValueAtPercentile(99) < 1_000_000, "p99 " + delaysNs.getValueAtPercentile(99) + " ns");
        assertEquals(0, urgentDropped);
        assertEquals(5, mbitOf(0, 0, 5 * SECOND_NS), 0.2);
        assertEquals(95, mbitOf(1, 1, 5 * SECOND_NS), 1);
    }

    /** Sixteen clients of one class; one of them sends ten times what the others do, and small packets at that. */
    @Test
    void shouldShareAClassFairlyAmongItsClients() {
        ShapeSettings settings =
                new ShapeSettings(mbit(32), List.of(of(0, 0, 1), of(0, 0, 1), of(0, 0, 1), of(0, 0, 1)), List.of(), 1);
        Sender[] senders = new Sender[16];
        for (int i = 0; i < senders.length; i++) {
            senders[i] = new Sender(0, 3, i, i == 0 ? 60 : 6, i == 0 ? 200 : 400 + 60 * i);
        }

        run(settings, 5 * SECOND_NS, senders);

        double sum = 0;
        double squares = 0;
        for (int i = 0; i < senders.length; i++) {
            sum += bytes[0][i];
            squares += (double) bytes[0][i] * bytes[0][i];
        }
        assertTrue(sum * sum / (senders.length * squares) >= 0.99, Arrays.toString(bytes[0]));
        assertEquals(32, sum * 8 / MBIT / 5, 0.2);
    }
}
