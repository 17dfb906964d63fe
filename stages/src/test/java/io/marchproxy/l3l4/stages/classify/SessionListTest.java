package io.marchproxy.l3l4.stages.classify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionListTest {
    private final FlowTable flows = new TestFlowTable(200);
    private final SessionList sessions = new SessionList(flows);
    private final PacketDescriptor packet = TestPackets.descriptor();

    private int begin(long lastSeenNs) {
        packet.reset(EventKind.DATA, 0);
        int slot = (int) flows.insert(packet);
        FlowEntry.lastSeenNs(flows.entryAt(slot), lastSeenNs);
        sessions.append(slot, flows.entryAt(slot));
        return slot;
    }

    private void end(int slot) {
        sessions.remove(flows.entryAt(slot));
        flows.remove(flows.refAt(slot));
    }

    @Test
    void shouldHaveNoVictimWhenEmpty() {
        assertEquals(-1, sessions.chooseVictim());
    }

    @Test
    void shouldChooseTheLongestSilentOfTheOldest() {
        begin(50);
        int silent = begin(10);
        begin(40);

        assertEquals(silent, sessions.chooseVictim());
    }

    @Test
    void shouldComeToIdleSessionsBehindBusyOnes() {
        for (int i = 0; i < 20; i++) {
            begin(1_000 + i);
        }
        int idle = begin(1);
        boolean found = false;
        for (int i = 0; i < 3 && !found; i++) {
            int victim = sessions.chooseVictim();
            found = victim == idle;
            end(victim);
        }

        assertTrue(found, "three evictions look at 21 sessions");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAgreeWithAListOverRandomOperations(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<Integer> model = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            int operation = random.nextInt(10);
            if (operation < 5 && model.size() < 200) {
                model.add(begin(random.nextInt(1_000)));
            } else if (operation < 8 && !model.isEmpty()) {
                int index = random.nextInt(model.size());
                end(model.get(index));
                model.subList(index, index + 1).clear();
            } else if (!model.isEmpty()) {
                List<Integer> sample = List.copyOf(model.subList(0, Math.min(8, model.size())));
                int victim = sample.stream()
                        .min(Comparator.comparingLong(slot -> FlowEntry.lastSeenNs(flows.entryAt(slot))))
                        .orElseThrow();
                assertEquals(victim, sessions.chooseVictim(), "operation " + i);
                model.removeAll(sample);
                model.add(0, victim);
                sample.stream().filter(slot -> slot != victim).forEach(model::add);
            }
            assertEquals(model.size(), sessions.size());
        }
    }
}
