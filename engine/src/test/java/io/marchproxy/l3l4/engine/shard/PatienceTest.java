package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PatienceTest {
    @Test
    void shouldLookAFewTimesForNothing() {
        Patience patience = new Patience(0);
        assertEquals(Patience.FREE_LOOKS, looks(patience));
        assertFalse(patience.lasts());
    }

    @Test
    void shouldBeginAnewAfterWork() {
        Patience patience = new Patience(0);
        looks(patience);
        patience.worked();
        assertEquals(Patience.FREE_LOOKS, looks(patience));
    }

    @Test
    void shouldLookForItsBudgetAndThenNotAgainUntilThereWasWork() {
        long budgetNs = 2_000_000;
        Patience patience = new Patience(budgetNs);
        long beganNs = System.nanoTime();
        looks(patience);
        assertTrue(System.nanoTime() - beganNs >= budgetNs);
        for (int i = 0; i < 1_000; i++) {
            assertFalse(patience.lasts());
        }
    }

    private static int looks(Patience patience) {
        int looks = 0;
        while (patience.lasts()) {
            looks++;
        }
        return looks;
    }
}
