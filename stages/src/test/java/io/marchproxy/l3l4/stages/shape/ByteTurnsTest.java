package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns by bytes where everybody owes for many rounds. */
class ByteTurnsTest {
    private static final class One extends ByteTurns.Member<One> {}

    private final ByteTurns<One> turns = new ByteTurns<>();
    private final List<One> all = new ArrayList<>();

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            One one = new One();
            all.add(one);
            turns.add(one);
        }
    }

    /** A terabyte is 700 million rounds; gone through one by one, for a thousand each, this would take days. */
    @Test
    @Timeout(60)
    void shouldGoThroughRoundsInWhichNobodyMaySendAtOnce() {
        add(1_000);
        for (int round = 0; round < 3; round++) {
            for (One one : all) {
                assertSame(one, turns.turn());
                one.deficit -= 1_000_000_000_000L;
            }
        }
    }

    @Test
    void shouldHaveWhoOwesMoreWaitForAsManyRoundsMore() {
        add(2);
        turns.turn().deficit -= 10L * Schedule.QUANTUM;
        for (int i = 0; i < 10; i++) {
            assertSame(all.get(1), turns.turn(), "turn " + i);
            turns.turn().deficit -= Schedule.QUANTUM;
        }
        assertSame(all.get(0), turns.turn());
    }

    @Test
    void shouldHaveWhoComesBackOweWhatItOwed() {
        add(2);
        One first = turns.turn();
        first.deficit -= 10L * Schedule.QUANTUM;
        turns.remove(first);
        turns.add(first);
        for (int i = 0; i < 10; i++) {
            assertSame(all.get(1), turns.turn(), "turn " + i);
            turns.turn().deficit -= Schedule.QUANTUM;
        }
        assertSame(first, turns.turn());
        assertEquals(Schedule.QUANTUM, first.deficit);
    }
}
