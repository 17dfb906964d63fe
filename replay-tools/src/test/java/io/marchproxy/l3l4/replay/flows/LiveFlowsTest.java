package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LiveFlowsTest {
    private static final int SLOTS = 20_000;

    @Test
    void shouldKeepWhatAMapWouldKeep() {
        SplittableRandom random = new SplittableRandom(6);
        TreeMap<Integer, long[]> model = new TreeMap<>();
        List<Long> replaced = new ArrayList<>();
        List<Long> expected = new ArrayList<>();
        try (Arena arena = Arena.ofConfined();
                LiveFlows live = new LiveFlows()) {
            long entry = arena.allocate(FlowLayout.SIZE, FlowLayout.SIZE).address();
            for (int i = 0; i < 100_000; i++) {
                int slot = random.nextInt(SLOTS);
                long ref = (long) random.nextInt(3) << 32 | slot;
                if (random.nextInt(3) == 0) {
                    live.remove(ref);
                    model.computeIfPresent(slot, (_, before) -> before[0] == ref ? null : before);
                } else {
                    FlowEntry.lastSeenNs(entry, i);
                    live.put(ref, entry, place -> replaced.add(FlowEntry.lastSeenNs(place)));
                    long[] before = model.put(slot, new long[] {ref, i});
                    if (before != null && before[0] != ref) {
                        expected.add(before[1]);
                    }
                }
            }
            assertEquals(expected, replaced);
            List<Long> left = new ArrayList<>();
            live.drain((_, place) -> left.add(FlowEntry.lastSeenNs(place)));
            assertEquals(model.values().stream().map(state -> state[1]).toList(), left);
            live.drain((_, _) -> left.add(-1L));
            assertEquals(model.size(), left.size());
        }
    }
}
