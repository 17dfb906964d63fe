package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.AcceptRate;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Token buckets of clients, with the clock moved by hand. */
class AcceptRateLimiterTest {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    /** Monotonic time may be anything. */
    private static final long START_NS = Long.MAX_VALUE - 3 * SECOND_NS;

    private final AcceptRateLimiter limiter = new AcceptRateLimiter();

    @Test
    void shouldLetEveryoneInWithoutALimit() {
        for (int i = 0; i < 1000; i++) {
            assertTrue(limiter.tryAccept(client(1), START_NS));
        }
    }

    @Test
    void shouldLetABurstInAndThenTheRate() {
        limiter.rate(new AcceptRate(10, 3));
        assertEquals(3, accepted(client(1), START_NS, 10));
        assertEquals(0, accepted(client(1), START_NS + SECOND_NS / 10 - 1, 1));
        assertEquals(1, accepted(client(1), START_NS + SECOND_NS / 10, 5));
        assertEquals(3, accepted(client(1), START_NS + 10 * SECOND_NS, 10), "no more than the burst after a pause");
    }

    @Test
    void shouldGiveEachClientItsOwnBucket() {
        limiter.rate(new AcceptRate(1, 1));
        assertEquals(1, accepted(client(1), START_NS, 2));
        assertEquals(1, accepted(client(2), START_NS, 2));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 7, 1000, 999_999_937})
    void shouldNeverExceedTheRateOverALongTime(long perSecond) {
        limiter.rate(new AcceptRate(perSecond, 1));
        long tokenNs = SECOND_NS / perSecond;
        long tries = 10_000;
        long count = 0;
        long now = START_NS;
        for (long i = 0; i < tries; i++) {
            count += accepted(client(1), now, 2);
            now += Math.max(1, tokenNs / 3);
        }
        long elapsedNs = now - START_NS;
        assertTrue(count <= elapsedNs / Math.max(1, tokenNs) + 1, () -> "more than the rate");
        assertTrue(count > 0);
    }

    @Test
    void shouldStayBoundedWhenACrowdConnects() {
        limiter.rate(new AcceptRate(1, 1));
        for (int i = 0; i < AcceptRateLimiter.MOST_ADDRESSES + 10; i++) {
            assertTrue(limiter.tryAccept(client(i), START_NS));
        }
        assertFalse(limiter.tryAccept(client(AcceptRateLimiter.MOST_ADDRESSES), START_NS));
        assertTrue(limiter.tryAccept(client(0), START_NS), "the longest silent is forgotten first");
    }

    @Test
    void shouldForgetItsClientsWhenTheLimitIsTakenAway() {
        limiter.rate(new AcceptRate(1, 1));
        assertEquals(1, accepted(client(1), START_NS, 2));
        limiter.rate(null);
        assertEquals(2, accepted(client(1), START_NS, 2));
    }

    private int accepted(InetAddress client, long nowNs, int tries) {
        int count = 0;
        for (int i = 0; i < tries; i++) {
            count += limiter.tryAccept(client, nowNs) ? 1 : 0;
        }
        return count;
    }

    private static InetAddress client(int number) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {10, (byte) (number >> 16), (byte) (number >> 8), (byte) number});
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
