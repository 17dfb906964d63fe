package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JournalRingTest {
    private static final int BYTES = 1 << 17;

    private final JournalRing ring = new JournalRing(Arena.global(), BYTES);
    private final int[] found = new int[1];

    @Test
    void shouldHandOverATextAlone() {
        putGap();
        putGap();
        ring.publish(
                RecordEncoder.text(ring.claim(JournalLayout.TEXT_LENGTH), RecordType.SETTINGS), Recorded.settings(7));
        ring.publish(
                RecordEncoder.text(ring.claim(JournalLayout.TEXT_LENGTH), RecordType.CHECKPOINT), Recorded.settings(8));
        putGap();

        assertEquals(2, find());
        ring.release();
        assertEquals(1, find());
        assertEquals(RecordType.TEXT, Records.type(ring.found()));
        assertEquals(RecordType.SETTINGS, Records.textType(ring.found()));
        assertEquals(Recorded.settings(7), ring.text());
        ring.release();
        assertEquals(1, find());
        assertEquals(RecordType.CHECKPOINT, Records.textType(ring.found()));
        assertEquals(Recorded.settings(8), ring.text());
        ring.release();
        assertEquals(1, find());
        assertEquals(RecordType.GAP, Records.type(ring.found()));
    }

    private void putGap() {
        ring.publish(RecordEncoder.gap(ring.claim(RecordEncoder.LONGEST), GapCause.OVERRUN, 1));
    }

    private int find() {
        ring.find(BYTES, found);
        return found[0];
    }

    @Test
    void shouldHandOverEachRecordOnceAndInOrderThoughItWrapsManyTimes() throws Exception {
        int records = 200_000;
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < records; ) {
                long at = ring.claim(RecordEncoder.LONGEST);
                if (at != 0) {
                    ring.publish(RecordEncoder.gap(at, GapCause.OVERRUN, i++));
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        SplittableRandom random = new SplittableRandom(1);
        long expected = 0;
        while (expected < records) {
            int room = JournalLayout.LONGEST_RECORD + random.nextInt(1000);
            int length = ring.find(room, found);
            int count = 0;
            for (long at = ring.found(); at < ring.found() + length; at += Records.length(at)) {
                assertEquals(expected++, Records.gapRecords(at));
                count++;
            }
            assertEquals(count, found[0]);
            ring.release();
        }
        writer.join();
        assertEquals(0, ring.find(BYTES, found));
        assertEquals(0, ring.waiting());
    }

    @Test
    void shouldRefuseWhenItIsFullAndTakeAgainWhenHalfIsFree() {
        while (ring.claim(RecordEncoder.LONGEST) != 0) {
            ring.publish(RecordEncoder.gap(ring.claim(RecordEncoder.LONGEST), GapCause.OVERRUN, 0));
        }
        assertFalse(ring.hasDrained());
        assertTrue(ring.waiting() > BYTES - 2 * RecordEncoder.LONGEST);

        ring.find(JournalLayout.LONGEST_RECORD, found);
        ring.release();
        assertFalse(ring.hasDrained());
        while (ring.find(BYTES, found) > 0) {
            ring.release();
        }

        assertTrue(ring.hasDrained());
        assertNotEquals(0, ring.claim(RecordEncoder.LONGEST));
    }
}
