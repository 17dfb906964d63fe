package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpinBudgetTest {
    @Test
    void shouldNeverTryWithoutABudget() {
        assertFalse(new SpinBudget(0).isWorthATry());
    }

    @Test
    void shouldTryAsLongAsItPays() {
        SpinBudget budget = new SpinBudget(1_000);
        for (int i = 0; i < 1_000; i++) {
            assertTrue(budget.isWorthATry());
            budget.paid();
        }
    }

    @Test
    void shouldComeToRestAfterARowInVainAndTryOnceInAWhile() {
        SpinBudget budget = new SpinBudget(1_000);
        int tries = 0;
        for (int turn = 0; turn < SpinBudget.PATIENCE + 10 * SpinBudget.TURNS_BETWEEN_TRIES; turn++) {
            if (budget.isWorthATry()) {
                tries++;
                budget.spentInVain();
            }
        }
        assertEquals(SpinBudget.PATIENCE + 10, tries);
    }

    @Test
    void shouldTryEveryTurnAgainOnceATryHasPaid() {
        SpinBudget budget = new SpinBudget(1_000);
        for (int i = 0; i < SpinBudget.PATIENCE; i++) {
            budget.spentInVain();
        }
        assertFalse(budget.isWorthATry());
        budget.paid();
        assertTrue(budget.isWorthATry());
    }
}
