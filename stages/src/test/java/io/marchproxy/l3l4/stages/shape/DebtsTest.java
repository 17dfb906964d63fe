package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Turns by bytes for those whose queue is empty now and then, for what has its limits with others or by itself again, and after other
 * shares: who gets how much, in which order, and how many packets are looked at for it.
 */
class DebtsTest {
    private static final int UDP = 17;
    private static final int TCP = 6;

    private static final class CountingPackets extends HeldPackets {
        long looks;

        @Override
        PacketDescriptor at(int slot) {
            looks++;
            return super.at(slot);
        }
    }

    private final CountingPackets packets = new CountingPackets();
    private final PacketDescriptor packet = TestPackets.descriptor();
    private TestFlowTable flows = new TestFlowTable(100);
    private DirectionShaper shaper = new DirectionShaper(packets, flows);
    private ShapeSettings settings = settings(100_000_000, ServiceLimits.NONE);
    private long nowNs;
    private long sequence;
    private long leftFlow;
    private int leftBytes;
    private long leftNumber;

    private static ShapeSettings settings(long linkRate, ServiceLimits... services) {
        ClassLimits one = new ClassLimits(100_000, RateLimit.NONE);
        RateLimit link = linkRate == 0 ? RateLimit.NONE : new RateLimit(linkRate, 65_536);
        return new ShapeSettings(link, List.of(one, one, one, one), List.of(services), 1);
    }

    private void apply(ShapeSettings next) {
        settings = next;
        shaper.apply(next, true, null, nowNs);
    }

    private void restored() {
        SavedState saved = new SavedState();
        shaper.save(saved);
        shaper = new DirectionShaper(packets, flows);
        shaper.apply(settings, true, null, nowNs);
        shaper.restore(saved.toRead());
        assertTrue(saved.isEmpty(), "all that was saved was read");
    }

    private long flow(int client, int port) {
        packet.reset(EventKind.DATA, nowNs);
        packet.sourceLow(client);
        packet.sourcePort(port);
        return flows.insert(packet);
    }

    private Verdict send(int service, long flowRef, int protocol, int bytes) {
        packet.reset(EventKind.DATA, nowNs);
        packet.protocol(protocol);
        packet.service(service);
        packet.trafficClass(1);
        packet.direction(Direction.TO_CLIENT);
        packet.lengthBytes(bytes);
        packet.flowRef(flowRef);
        packet.argument0(++sequence);
        return shaper.process(packet, nowNs);
    }

    private void release() {
        while (true) {
            nowNs = shaper.dueNs();
            PacketDescriptor released = shaper.next(nowNs);
            if (released != null) {
                leftFlow = released.flowRef();
                leftBytes = released.lengthBytes();
                leftNumber = released.argument0();
                shaper.released(nowNs);
                return;
            }
        }
    }

    /** Two have a backlog of packets of 1,400 bytes, and a third sends its next, larger one when the last has left. */
    @ParameterizedTest
    @CsvSource({"1400, false", "9000, false", "60000, false", "60000, true", "131072, false"})
    void shouldGiveWhoSendsOneByOneNoMoreThanItsPart(int bytes, boolean isRestored) {
        apply(settings);
        assertFair(flow(1, 1), flow(2, 1), flow(3, 1), bytes, isRestored);
    }

    /** So it is among connections of one client where such have queues of their own. */
    @ParameterizedTest
    @CsvSource({"1400, false", "60000, false", "60000, true"})
    void shouldGiveAConnectionThatSendsOneByOneNoMoreThanItsPart(int bytes, boolean isRestored) {
        RateLimit connection = new RateLimit(8_000_000_000L, 1 << 20);
        apply(settings(
                100_000_000,
                ServiceLimits.NONE.with(new EachLimits(RateLimit.NONE, RateLimit.NONE, connection, connection))));
        assertFair(flow(1, 1), flow(1, 2), flow(1, 3), bytes, isRestored);
    }

    private void assertFair(long single, long second, long third, int bytes, boolean isRestored) {
        for (int i = 0; i < 60; i++) {
            send(0, second, TCP, 1_400);
            send(0, third, TCP, 1_400);
        }
        Map<Long, Long> got = new HashMap<>();
        send(0, single, TCP, bytes);
        for (int i = 0; i < 20_000; i++) {
            release();
            if (i >= 200) {
                got.merge(leftFlow, (long) leftBytes, Long::sum);
            }
            if (isRestored && i % 50 == 0) {
                restored();
            }
            send(0, leftFlow, TCP, leftBytes);
        }
        long most = got.get(second);
        assertTrue(Math.abs(most - got.get(third)) <= 3_100, "those with a backlog");
        assertTrue(got.get(single) <= most + bytes + 2 * Schedule.QUANTUM, got.get(single) + " of " + most);
        assertTrue(100 * got.get(single) >= 45 * most, "it has a part, though it is not always there");
    }

    /** Once nobody waits, nobody owes: who sent a large packet then is as good as another. */
    @Test
    void shouldForgetDebtsWhenNobodyWaits() {
        apply(settings);
        long large = flow(1, 1);
        long other = flow(2, 1);
        for (int i = 0; i < 3; i++) {
            send(0, large, TCP, 60_000);
        }
        release();
        release();
        send(0, large, TCP, 1_400);
        send(0, other, TCP, 1_400);

        release();

        assertEquals(large, leftFlow, "it came first");
    }

    /** Many addresses, each with one packet: what is remembered of them goes when they have paid, and is bounded. */
    @ParameterizedTest
    @ValueSource(ints = {3_000, 131_072})
    void shouldRememberAFewOfThoseThatOwe(int bytes) {
        flows = new TestFlowTable(10);
        shaper = new DirectionShaper(packets, flows);
        apply(settings);
        long busy = flow(1, 1);
        for (int i = 0; i < 200; i++) {
            send(0, busy, TCP, 1_400);
        }
        long before = words();
        for (int i = 0; i < 20_000; i++) {
            long flowRef = flow(10 + i, 1);
            send(0, flowRef, TCP, bytes);
            do {
                release();
                if (leftFlow == busy) {
                    send(0, busy, TCP, 1_400);
                }
            } while (leftFlow != flowRef);
            flows.remove(flowRef);
        }

        // Nine words for each, as a checkpoint has them.
        long remembered = (words() - before) / 9;
        assertTrue(remembered >= 1 && remembered <= 2L * flows.capacity(), remembered + " are remembered");
        long words = words();
        restored();
        assertEquals(words, words());
    }

    private long words() {
        SavedState saved = new SavedState();
        shaper.save(saved);
        long words = 0;
        for (saved.toRead(); !saved.isEmpty(); saved.number()) {
            words++;
        }
        return words;
    }

    private List<Long> restOf(long flowRef) {
        List<Long> order = new ArrayList<>();
        while (shaper.held() > 0) {
            release();
            if (leftFlow == flowRef) {
                order.add(leftNumber);
            }
        }
        return order;
    }

    /** A comparison under settings in which two services have their limits together, or no longer, in the midst of a queue. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepTheOrderOfAFlowWhenServicesShareTheirLimitsOrNoLonger(boolean mergesFirst) {
        RateLimit slow = new RateLimit(1_000_000, 16_384);
        RateLimit fast = new RateLimit(100_000_000, 16_384);
        ServiceLimits first = new ServiceLimits(fast, fast);
        ShapeSettings together = settings(0, first, ServiceLimits.sharing(0));
        ShapeSettings apart = settings(0, first, new ServiceLimits(slow, slow));
        apply(mergesFirst ? apart : together);
        long flowRef = flow(1, 1);
        long ofFirst = flow(2, 1);
        List<Long> waiting = new ArrayList<>();
        for (int round = 0; round < 6; round++) {
            for (int i = 0; i < 20; i++) {
                if (send(1, flowRef, UDP, 1_400) == Verdict.HOLD) {
                    waiting.add(sequence);
                }
                send(0, ofFirst, UDP, 1_400);
            }
            apply((round % 2 == 0) == mergesFirst ? together : apart);
            int held = shaper.held();
            restored();
            assertEquals(held, shaper.held(), "a checkpoint has all that waits");
        }

        assertTrue(waiting.size() > 90, waiting.size() + " waited");
        assertEquals(waiting, restOf(flowRef));
        assertEquals(Long.MAX_VALUE, shaper.dueNs());
    }

    /** A share of one service's limits is nothing to the others that wait for their own. */
    @ParameterizedTest
    @CsvSource({"false, SERVICE", "true, SERVICE", "false, LINK", "true, LINK", "false, CLASS", "true, CLASS"})
    void shouldLookAtNobodyElseForAShare(boolean hasGuarantees, ShareOf of) {
        int count = 500;
        flows = new TestFlowTable(1_000);
        shaper = new DirectionShaper(packets, flows);
        RateLimit slow = new RateLimit(1_000_000, 16_384);
        ServiceLimits[] services = new ServiceLimits[count];
        for (int i = 0; i < count; i++) {
            services[i] = new ServiceLimits(hasGuarantees ? slow : RateLimit.NONE, slow, slow, -1, EachLimits.NONE);
        }
        apply(settings(hasGuarantees ? 1_000_000_000_000L / 4 : 0, services));
        for (int i = 0; i < count; i++) {
            long flowRef = flow(i, 1);
            for (int j = 0; j < 30; j++) {
                send(i, flowRef, UDP, 1_250);
            }
        }
        while (shaper.dueNs() <= nowNs) {
            release();
        }
        packets.looks = 0;

        for (int i = 0; i < 100; i++) {
            shaper.share(of, of == ShareOf.SERVICE ? i : of == ShareOf.CLASS ? 2 : 0, ShareOf.WHOLE / 2, nowNs);
        }

        assertTrue(packets.looks <= 10 * 100, packets.looks + " packets were looked at for 100 shares");
    }
}
