package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RollClockTest {
    private final RollClock clock = new RollClock();

    @Test
    void shouldNameAFileByTheMinuteInWhichItBegan() {
        clock.advance(90_000);

        assertEquals(60_000, clock.currentTimeMillis());
    }

    @Test
    void shouldRunAheadWhenSeveralFilesBeginInAMinute() {
        clock.advance(60_000);
        clock.advance(60_000);
        clock.advance(60_001);

        assertEquals(3 * 60_000, clock.currentTimeMillis());
    }

    @Test
    void shouldNeverGoBackWhenTheWallClockDoes() {
        clock.startAfter(100);
        clock.advance(10 * 60_000);

        assertEquals(101 * 60_000, clock.currentTimeMillis());
    }
}
