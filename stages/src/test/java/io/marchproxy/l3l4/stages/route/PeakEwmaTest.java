package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PeakEwmaTest {
    private static final long MS = 1_000_000;

    @Test
    void shouldFollowARiseAtOnce() {
        assertEquals(10e6, PeakEwma.after(2e6, 10e6, 1));
    }

    @Test
    void shouldTakeTheFirstSampleAsItIs() {
        assertEquals(3e6, PeakEwma.after(0, 3e6, Long.MAX_VALUE));
    }

    @Test
    void shouldFollowAFallByTheTimeThatPassed() {
        assertEquals(2e6 + 8e6 / Math.E, PeakEwma.after(10e6, 2e6, (long) PeakEwma.TAU_NS), 1);
        assertEquals(10e6, PeakEwma.after(10e6, 2e6, 0));
    }

    @Test
    void shouldNotDependOnHowOftenItIsSampled() {
        double often = 10e6;
        for (int i = 0; i < 10; i++) {
            often = PeakEwma.after(often, 2e6, 50 * MS);
        }
        assertEquals(PeakEwma.after(10e6, 2e6, 500 * MS), often, 1);
    }

    @Test
    void shouldFadeByHalvesWithoutAJump() {
        assertEquals(8e6, PeakEwma.faded(8e6, 0));
        assertEquals(8e6, PeakEwma.faded(8e6, -1));
        assertEquals(4e6, PeakEwma.faded(8e6, PeakEwma.HALF_LIFE_NS));
        assertEquals(1e6, PeakEwma.faded(8e6, 3 * PeakEwma.HALF_LIFE_NS));
        double before = 8e6;
        for (long ageNs = 0; ageNs < 20 * PeakEwma.TAU_NS; ageNs += 7 * MS) {
            double now = PeakEwma.faded(8e6, ageNs);
            assertTrue(now <= before && now >= before * 0.98, "from " + before + " to " + now);
            assertEquals(Math.exp(-ageNs / PeakEwma.TAU_NS), now / 8e6, 0.07 * now / 8e6 + 1e-9);
            before = now;
        }
        assertTrue(PeakEwma.faded(1e12, Long.MAX_VALUE) < 1);
    }
}
