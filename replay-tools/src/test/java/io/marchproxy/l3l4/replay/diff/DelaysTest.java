package io.marchproxy.l3l4.replay.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DelaysTest {
    @Test
    void shouldCountWhatLeftAtOnceAmongTheRest() {
        Delays delays = new Delays();
        delays.add(0, 900);
        for (int i = 1; i <= 100; i++) {
            delays.add(i * 1_000_000L, 1);
        }

        DelayFigures figures = delays.figures();
        assertEquals(0, figures.p50Ns());
        assertEquals(0, figures.p90Ns());
        assertEquals(90_000_000.0, (double) figures.p99Ns(), 900_000.0);
        assertEquals(99_000_000.0, (double) figures.p999Ns(), 990_000.0);
        assertEquals(100_000_000.0, (double) figures.maxNs(), 1_000_000.0);
        assertEquals(5_050_000.0, figures.meanNs(), 50_500.0);
    }

    @Test
    void shouldAddUp() {
        Delays one = new Delays();
        one.add(0, 10);
        Delays other = new Delays();
        other.add(1000, 30);
        one.add(other);

        assertEquals(1000.0, (double) one.atPercentile(50), 10.0);
        assertEquals(0, one.atPercentile(25));
        assertEquals(0, new Delays().figures().maxNs());
    }
}
