package io.marchproxy.l3l4.stages.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowTimersTest {
    private static final long TICK_NS = 1L << FlowTimers.TICK_SHIFT;
    private static final long SPAN_NS = TICK_NS << 14;

    private final FlowTable flows = new TestFlowTable(500);
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final Map<Long, Long> deadlines = new HashMap<>();
    private final List<Long> ended = new ArrayList<>();
    private final FlowTimers timers = new FlowTimers(flows, new FlowTimers.Expiry() {
        @Override
        public long deadlineNs(long entry) {
            return deadlines.get(entry);
        }

        @Override
        public void expired(long flowRef) {
            ended.add(flowRef);
            deadlines.remove(flows.entry(flowRef));
            flows.remove(flowRef);
        }
    });

    private long begin(int port, long deadlineNs, long nowNs) {
        packet.reset(EventKind.DATA, nowNs);
        packet.sourcePort(port);
        long flowRef = flows.insert(packet);
        long entry = flows.entry(flowRef);
        deadlines.put(entry, deadlineNs);
        timers.arm((int) flowRef, entry, deadlineNs, nowNs);
        return flowRef;
    }

    private void advanceTo(long nowNs) {
        while (timers.nextNs() <= nowNs) {
            timers.expire();
        }
    }

    @Test
    void shouldEndAFlowAtTheFirstTickAtOrAfterItsDeadline() {
        long onTick = begin(1, 10 * TICK_NS, 0);
        long justAfter = begin(2, 10 * TICK_NS + 1, 0);

        advanceTo(10 * TICK_NS - 1);
        assertEquals(List.of(), ended);
        advanceTo(10 * TICK_NS);
        assertEquals(List.of(onTick), ended);
        advanceTo(11 * TICK_NS);
        assertEquals(List.of(onTick, justAfter), ended);
        assertEquals(Long.MAX_VALUE, timers.nextNs());
    }

    @Test
    void shouldWaitOnWhenPacketsHaveMovedTheDeadline() {
        long flowRef = begin(1, 10 * TICK_NS, 0);
        deadlines.put(flows.entry(flowRef), 30 * TICK_NS);

        advanceTo(29 * TICK_NS);
        assertEquals(List.of(), ended);
        advanceTo(30 * TICK_NS);
        assertEquals(List.of(flowRef), ended);
    }

    @Test
    void shouldReachDeadlinesFarPastItsSpan() {
        long flowRef = begin(1, 100 * SPAN_NS + 5, 0);

        advanceTo(100 * SPAN_NS);
        assertEquals(List.of(), ended);
        advanceTo(100 * SPAN_NS + TICK_NS);
        assertEquals(List.of(flowRef), ended);
    }

    @Test
    void shouldNoticeADeadlineThatCameNearerWithinItsSpan() {
        long flowRef = begin(1, Long.MAX_VALUE, 0);
        deadlines.put(flows.entry(flowRef), 5L);

        advanceTo(SPAN_NS);

        assertEquals(List.of(flowRef), ended);
    }

    @Test
    void shouldKeepRightAfterALongTimeWithoutTimers() {
        begin(1, TICK_NS, 0);
        advanceTo(TICK_NS);
        long nowNs = 50 * SPAN_NS + 123;

        long flowRef = begin(2, nowNs + 3 * TICK_NS, nowNs);

        advanceTo(nowNs + 2 * TICK_NS);
        assertEquals(1, ended.size());
        advanceTo(nowNs + 4 * TICK_NS);
        assertEquals(flowRef, ended.get(1));
    }

    @Test
    void shouldWorkWithTimesBelowZero() {
        long flowRef = begin(1, -5 * TICK_NS, -10 * TICK_NS);

        advanceTo(-5 * TICK_NS - 1);
        assertEquals(List.of(), ended);
        advanceTo(-5 * TICK_NS);
        assertEquals(List.of(flowRef), ended);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAgreeWithAListOfDeadlinesOverRandomOperations(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<Long> alive = new ArrayList<>();
        long nowNs = random.nextLong(-SPAN_NS, SPAN_NS);
        for (int i = 0; i < 50_000; i++) {
            int operation = random.nextInt(100);
            if (operation < 40 && flows.size() < flows.capacity()) {
                alive.add(begin(i & 0xffff, nowNs + randomDelayNs(random), nowNs));
            } else if (operation < 60 && !alive.isEmpty()) {
                long entry = flows.entry(alive.get(random.nextInt(alive.size())));
                long moved = nowNs + randomDelayNs(random);
                // As packets do, a deadline that moves away leaves its timer alone; one that came nearer would be
                // noticed late.
                if (deadlines.put(entry, moved) > moved) {
                    timers.cancel(entry);
                    timers.arm((int) ((entry - flows.entryAt(0)) / FlowLayout.SIZE), entry, moved, nowNs);
                }
            } else if (operation < 70 && !alive.isEmpty()) {
                long flowRef = alive.remove(random.nextInt(alive.size()));
                long entry = flows.entry(flowRef);
                timers.cancel(entry);
                deadlines.remove(entry);
                flows.remove(flowRef);
            } else {
                nowNs += randomDelayNs(random) / 8;
                assertEndsBy(nowNs, alive, i);
            }
        }
        assertTrue(ended.size() > 1_000, "too few ended: " + ended.size());
    }

    private void assertEndsBy(long nowNs, List<Long> alive, int operation) {
        Map<Long, Long> dueTicks = new HashMap<>();
        for (long flowRef : alive) {
            long tick = -Math.floorDiv(-deadlines.get(flows.entry(flowRef)), TICK_NS);
            if (tick * TICK_NS <= nowNs) {
                dueTicks.put(flowRef, tick);
            }
        }
        int before = ended.size();

        advanceTo(nowNs);

        List<Long> endedNow = ended.subList(before, ended.size());
        assertEquals(dueTicks.keySet(), Set.copyOf(endedNow), "operation " + operation);
        for (int i = 1; i < endedNow.size(); i++) {
            assertTrue(dueTicks.get(endedNow.get(i - 1)) <= dueTicks.get(endedNow.get(i)), "operation " + operation);
        }
        alive.removeAll(endedNow);
    }

    private static long randomDelayNs(Random random) {
        return 1 + (long) Math.exp(random.nextDouble() * Math.log(3.0 * SPAN_NS));
    }
}
