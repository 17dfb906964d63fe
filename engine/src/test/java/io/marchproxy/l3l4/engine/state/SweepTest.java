package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTest {
    private static final int MOST = 1600;
    private static final long HOUR_NS = 3_600_000_000_000L;
    private static final long NOW_US = 1_700_000_000_000_000L;

    @TempDir
    Path folder;

    private static void put(StateMap map, int number, long lastSeenUs) {
        byte[] key = new byte[FlowStateLayout.KEY_SIZE];
        byte[] value = new byte[FlowStateLayout.VALUE_SIZE];
        ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN).putInt(number);
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putLong(FlowStateLayout.LAST_SEEN_US, lastSeenUs);
        map.put(key, value);
    }

    private static List<Integer> numbers(StateMap map) {
        List<Integer> numbers = new ArrayList<>();
        for (int segment = 0; segment < map.segments(); segment++) {
            map.scan(segment, entry -> {
                numbers.add(RememberedFlow.intAt(entry.key().get(), 0));
                return false;
            });
        }
        return numbers.stream().sorted().toList();
    }

    private static void round(Sweep sweep, StateMap map, long nowNs) {
        for (int segment = 0; segment < map.segments(); segment++) {
            assertTrue(sweep.turn(nowNs + segment * (HOUR_NS / 8), NOW_US));
        }
    }

    @Test
    void shouldForgetTheOldestWhenThereAreTooMany() throws Exception {
        try (StateMap map = StateMap.open(folder, MOST, false)) {
            for (int i = 0; i < MOST + 50; i++) {
                put(map, i, NOW_US - (10_000 - i) * 1000L);
            }
            Sweep sweep = new Sweep(map, MOST, HOUR_NS, 0);
            round(sweep, map, 0);
            assertEquals(MOST + 50, map.size(), "it looks before it takes");
            round(sweep, map, HOUR_NS);

            assertEquals(MOST - MOST / 16, map.size());
            assertEquals(150, sweep.evicted());
            assertEquals(0, sweep.expired());
            // Ages are told apart to one per cent: 100 flows at 10 s.
            long young = numbers(map).stream().filter(number -> number >= 250).count();
            assertEquals(MOST + 50 - 250, young);
        }
    }

    @Test
    void shouldMakeRoomAmongFlowsOfOneAge() throws Exception {
        try (StateMap map = StateMap.open(folder, MOST, false)) {
            for (int i = 0; i < MOST + 1; i++) {
                put(map, i, NOW_US);
            }
            Sweep sweep = new Sweep(map, MOST, HOUR_NS, 0);
            round(sweep, map, 0);
            round(sweep, map, HOUR_NS);

            assertEquals(MOST - MOST / 16, map.size());
        }
    }

    @Test
    void shouldForgetWhatWasNotSeenForTooLong() throws Exception {
        try (StateMap map = StateMap.open(folder, MOST, false)) {
            put(map, 1, NOW_US - HOUR_NS / 1000 - 1);
            put(map, 2, NOW_US - HOUR_NS / 1000 + 1);
            put(map, 3, NOW_US + 5_000_000);
            Sweep sweep = new Sweep(map, MOST, HOUR_NS, 0);
            round(sweep, map, 0);

            assertEquals(List.of(2, 3), numbers(map));
            assertEquals(1, sweep.expired());
        }
    }

    @Test
    void shouldLookAtOneSegmentAtATimeAndNotTooOften() throws Exception {
        try (StateMap map = StateMap.open(folder, MOST, false)) {
            put(map, 1, NOW_US);
            Sweep sweep = new Sweep(map, MOST, HOUR_NS, 0);
            assertTrue(sweep.turn(0, NOW_US));
            assertFalse(sweep.turn(1, NOW_US));
            assertTrue(sweep.turn(HOUR_NS / 8 / map.segments(), NOW_US));
        }
    }
}
