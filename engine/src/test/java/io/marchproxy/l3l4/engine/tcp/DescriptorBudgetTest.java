package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DescriptorBudgetTest {
    @Test
    void shouldGiveOutAsManyAsThereAreAndTakeThemBack() {
        DescriptorBudget budget = new DescriptorBudget(2);
        assertTrue(budget.tryTake());
        assertTrue(budget.tryTake());
        assertFalse(budget.tryTake());
        budget.give();
        assertTrue(budget.tryTake());
    }

    @Test
    void shouldKeepAnEighthBackWithinBoundsAndCountTwoForEachConnection() {
        assertEquals((1024 - 24 - 128) / 2, DescriptorBudget.connections(1024, 24));
        assertEquals((256 - 60 - 64) / 2, DescriptorBudget.connections(256, 60));
        assertEquals((20_000 - 60 - 256) / 2, DescriptorBudget.connections(20_000, 60));
    }

    @Test
    void shouldLetOneConnectionInHoweverTightTheLimit() {
        assertEquals(1, DescriptorBudget.connections(64, 60));
    }
}
