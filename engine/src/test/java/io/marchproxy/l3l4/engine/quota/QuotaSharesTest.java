package io.marchproxy.l3l4.engine.quota;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuotaSharesTest {
    @Test
    void shouldShareEvenlyWhenNobodyAsks() {
        assertArrayEquals(new int[] {25, 25, 25, 25}, QuotaShares.wanted(100, new int[4], new long[4]));
    }

    @Test
    void shouldGiveEverythingThatIsFreeToTheOnlyOneThatAsks() {
        assertArrayEquals(new int[] {90, 10}, QuotaShares.wanted(100, new int[] {10, 10}, new long[] {1000, 0}));
    }

    @Test
    void shouldLeaveNothingOfTheCapUnshared() {
        int[] shares = QuotaShares.wanted(7, new int[3], new long[] {1, 0, 0});
        assertEquals(7, Arrays.stream(shares).sum());
    }

    @Test
    void shouldLowerBeforeItRaises() {
        int[] lowered = QuotaShares.lowered(new int[] {50, 50}, new int[] {90, 10});
        assertArrayEquals(new int[] {50, 10}, lowered);
        assertArrayEquals(new int[] {90, 10}, QuotaShares.raised(100, lowered, new int[] {90, 10}));
    }

    @Test
    void shouldNotRaiseByWhatALoweredShardTurnsOutToUse() {
        assertArrayEquals(new int[] {70, 30}, QuotaShares.raised(100, new int[] {50, 30}, new int[] {90, 10}));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldNeverExceedTheCapWhateverTheDemand(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            int shards = 1 + random.nextInt(8);
            int cap = random.nextInt(1000);
            int[] now = new int[shards];
            int left = cap;
            int[] used = new int[shards];
            long[] demand = new long[shards];
            for (int i = 0; i < shards; i++) {
                now[i] = random.nextInt(left + 1);
                left -= now[i];
                used[i] = random.nextInt(now[i] + 1);
                demand[i] = random.nextInt(3) == 0 ? random.nextInt(500) : 0;
            }
            int[] wanted = QuotaShares.wanted(cap, used, demand);
            int[] lowered = QuotaShares.lowered(now, wanted);
            int[] effective = lowered.clone();
            for (int i = 0; i < shards; i++) {
                // A shard may still have used its old share up before the lower one reached it.
                effective[i] = Math.max(lowered[i], random.nextInt(now[i] + 1));
            }
            int[] raised = QuotaShares.raised(cap, effective, wanted);
            assertEquals(cap, Arrays.stream(wanted).sum(), "seed " + seed);
            assertTrue(Arrays.stream(raised).sum() <= cap, "seed " + seed);
        }
    }
}
