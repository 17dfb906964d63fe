package io.marchproxy.l3l4.replay.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SeriesTest {
    @Test
    void shouldFindPeaksAgainstASlowModel() {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 200; round++) {
            Series series = new Series();
            TreeMap<Long, Long> seconds = new TreeMap<>();
            long span = 1 + random.nextLong(round % 2 == 0 ? 60_000 : 3_000_000);
            long sum = 0;
            for (int i = 0; i < 300; i++) {
                long atMs = 1_795_000_000_000L + random.nextLong(span);
                long bytes = random.nextLong(1000);
                series.add(atMs, bytes);
                seconds.merge(Math.floorDiv(atMs, 1000L), bytes, Long::sum);
                sum += bytes;
            }
            long peak =
                    seconds.values().stream().mapToLong(Long::longValue).max().orElseThrow();
            assertEquals(peak, series.peakBytes(1000), "round " + round);
            Timeline timeline = series.timeline();
            assertEquals(
                    sum, timeline.bytes().stream().mapToLong(Long::longValue).sum());
            assertTrue(timeline.bytes().size() <= Series.MOST);
        }
    }

    @Test
    void shouldGrowCoarserRatherThanLonger() {
        Series series = new Series();
        series.add(0, 1);
        series.add(7L * 24 * 3600 * 1000, 2);

        assertEquals(-1, series.peakBytes(1000), "not known any more");
        assertEquals(1000_000, series.timeline().widthMs());
        assertEquals(
                3, series.timeline().bytes().stream().mapToLong(Long::longValue).sum());
    }

    @Test
    void shouldAddSeriesOfOtherWidthsAndBegins() {
        Series fine = new Series();
        fine.add(5_000_100, 1);
        fine.add(5_000_950, 2);
        Series coarse = new Series();
        coarse.add(0, 4);
        coarse.add(5_000_500, 8);

        fine.add(coarse);

        assertEquals(0, fine.timeline().beginMs());
        assertEquals(11, fine.peakBytes(10_000));
        Series other = new Series();
        other.add(4_999_000, 16);
        other.add(fine);
        assertEquals(
                31, other.timeline().bytes().stream().mapToLong(Long::longValue).sum());
    }
}
