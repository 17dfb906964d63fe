package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One queue, asked each millisecond as a packet leaves. */
class CodelTest {
    private static final long MS = 1_000_000;
    private static final CodelSettings USUAL = new CodelSettings(5 * MS, 100 * MS);
    private static final long MUCH = 1_000_000;

    private final Codel codel = new Codel();

    private boolean ask(long atMs, long waitedMs) {
        return codel.isDue(atMs * MS, waitedMs * MS, MUCH, USUAL);
    }

    /** Packets that all wait 6 ms, one each millisecond; at which milliseconds they were to be marked. */
    private List<Long> markedAt(long fromMs, long toMs) {
        List<Long> marked = new ArrayList<>();
        for (long ms = fromMs; ms < toMs; ms++) {
            if (ask(ms, 6)) {
                marked.add(ms);
            }
        }
        return marked;
    }

    @Test
    void shouldMarkAtTheRateOfRfc8289() {
        // After an interval; then 100, 70.7, 57.7, 50 and 44.7 ms apart, each at the first packet by then.
        assertEquals(List.of(100L, 200L, 271L, 329L, 379L, 424L), markedAt(0, 460));
    }

    @Test
    void shouldLetABurstPass() {
        assertEquals(List.of(), markedAt(0, 100));
        assertFalse(ask(100, 4), "below the target once: the queue does not stand");
        assertEquals(List.of(), markedAt(101, 201));
        assertTrue(ask(201, 6));
    }

    @Test
    void shouldEndWhenAPacketHasWaitedLess() {
        markedAt(0, 400);
        assertFalse(ask(400, 4));
        assertEquals(List.of(), markedAt(401, 501));
    }

    /** 5 were marked before, with 1 at its begin: it goes on with 4, so the next follow 50, 44.7 ms later. */
    @Test
    void shouldGoOnWhereItWasWhenTheQueueStandsAgainSoon() {
        markedAt(0, 400);
        assertFalse(ask(400, 4));
        assertEquals(List.of(501L, 551L, 596L), markedAt(401, 600));
    }

    @Test
    void shouldBeginAnewAfterSixteenIntervals() {
        markedAt(0, 400);
        assertFalse(ask(400, 4));
        assertEquals(List.of(2_500L, 2_600L, 2_671L), markedAt(2_400, 2_700));
    }

    @Test
    void shouldLeaveTheLastFrameAlone() {
        for (long ms = 0; ms < 1_000; ms++) {
            assertFalse(codel.isDue(ms * MS, 500 * MS, Schedule.QUANTUM, USUAL));
        }
        assertEquals(List.of(1_100L), markedAt(1_000, 1_150));
    }

    @Test
    void shouldForgetEverythingWhenAQueueBegins() {
        markedAt(0, 400);
        codel.begin();
        assertEquals(List.of(500L, 600L, 671L), markedAt(400, 700));
    }

    @Test
    void shouldPauseForTheExactRoot() {
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            long interval = 1 + random.nextLong(3_000_000_000L);
            long count = 1 + (random.nextBoolean() ? random.nextInt(100) : random.nextLong(1L << 40));
            BigInteger square = BigInteger.valueOf(interval).pow(2).divide(BigInteger.valueOf(count));
            assertEquals(square.sqrt().longValueExact(), Codel.pause(interval, count));
        }
        assertEquals(100 * MS, Codel.pause(100 * MS, 1));
        assertEquals(70_710_678, Codel.pause(100 * MS, 2));
        assertEquals(3_000_000_000L, Codel.pause(3_000_000_000L, 1));
    }

    @Test
    void shouldGoOnAfterARestore() {
        markedAt(0, 250);
        SavedState saved = new SavedState();
        codel.save(saved);
        Codel another = new Codel();
        another.restore(saved.toRead());
        for (long ms = 250; ms < 2_000; ms++) {
            long waitedMs = ms % 700 == 0 ? 1 : 6;
            assertEquals(ask(ms, waitedMs), another.isDue(ms * MS, waitedMs * MS, MUCH, USUAL));
        }
        assertTrue(saved.isEmpty());
    }

    @Test
    void shouldRefuseATargetBeyondTheInterval() {
        assertThrows(IllegalArgumentException.class, () -> new CodelSettings(101, 100));
        assertThrows(IllegalArgumentException.class, () -> new CodelSettings(-1, 100));
        assertThrows(IllegalArgumentException.class, () -> new CodelSettings(1, 3_000_000_001L));
        assertFalse(CodelSettings.OFF.isOn());
    }
}
