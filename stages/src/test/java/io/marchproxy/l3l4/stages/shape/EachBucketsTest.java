package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EachBucketsTest {
    private static final int MOST = 100;
    private static final RateLimit LIMIT = new RateLimit(8_000_000, 1_500);
    private static final long SECOND = 1_000_000_000L;

    private final EachBuckets buckets = new EachBuckets(MOST, new FlowHash(1));

    private EachBucket use(int client, long nowNs) {
        EachBucket one = buckets.get(0, 0, client, LIMIT, nowNs, null);
        one.bucket.take(1_000);
        return one;
    }

    @Test
    void shouldKeepTheBucketOfWhoComesAgain() {
        assertSame(use(7, 0), use(7, 0));
        assertNotSame(use(7, 0), use(8, 0));
    }

    @Test
    void shouldHaveThoseShareOneWhoFindNoRoom() {
        for (int i = 0; i < MOST; i++) {
            assertFalse(EachBuckets.isShared(use(i, 0)));
        }
        assertTrue(EachBuckets.isShared(use(MOST, 0)));
        assertSame(use(MOST + 1, 0), use(MOST + 2, 0));
        assertFalse(EachBuckets.isShared(use(3, 0)), "who has one keeps it");
    }

    @Test
    void shouldFindRoomAgainWhenThoseBeforeHaveGone() {
        for (int i = 0; i < MOST; i++) {
            use(i, 0);
        }

        assertEquals(0, refusedOf(1_000, MOST), "nobody shares a bucket though all others were full");
    }

    /** Clients that come, send and are gone: those that are in use are a few of them at any time. */
    @Test
    void shouldUseThoseAgainThatNobodyNeeds() {
        EachBuckets many = new EachBuckets(1_000_000, new FlowHash(1));
        Set<EachBucket> all = Collections.newSetFromMap(new IdentityHashMap<>());
        int atOnce = 100;
        long fillsNs = 1_000 * 1_000;
        for (int client = 0; client < 100_000; client++) {
            EachBucket one = many.get(0, 0, client, LIMIT, client * fillsNs / atOnce, null);
            one.bucket.take(1_000);
            all.add(one);
        }

        assertTrue(all.size() <= 2 * atOnce, all.size() + " buckets for " + atOnce + " clients at once");
    }

    @Test
    void shouldKeepAFullBucketThatIsInUseWhenItLooksForRoom() {
        EachBucket client = buckets.get(0, 0, 7, LIMIT, 0, null);
        for (int connection = 0; connection < MOST; connection++) {
            buckets.get(1, 0, connection, LIMIT, 0, client);
        }
        assertSame(
                client,
                buckets.get(0, 0, 7, LIMIT, 0, null),
                "what waits under it would have another than who comes next");
    }

    /** It may have used up a burst of the shared one just before. */
    @Test
    void shouldBeginEmptyBesideASharedOneThatIsNotFull() {
        for (int i = 0; i < MOST; i++) {
            use(i, 0);
        }
        // Those are full again after a millisecond, and the shared one after two.
        assertTrue(EachBuckets.isShared(use(MOST, 900_000)));

        EachBucket own = buckets.get(0, 0, MOST, LIMIT, 1_100_000, null);

        assertFalse(EachBuckets.isShared(own));
        assertFalse(own.bucket.admits(1, 1_100_000));
        assertTrue(own.bucket.admits(500, 1_600_000), "it earns from then on");
        assertTrue(buckets.get(0, 0, MOST + 1, LIMIT, SECOND, null).bucket.admits(1_500, SECOND), "that was long ago");
    }

    private int refusedOf(int first, int count) {
        int refused = 0;
        for (int i = 0; i < count; i++) {
            refused += EachBuckets.isShared(use(first + i, SECOND)) ? 1 : 0;
        }
        return refused;
    }
}
