package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
}
