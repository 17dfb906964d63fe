package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {
    private static final BigInteger UNITS = BigInteger.valueOf(8_000_000_000L);
    private static final long YEAR_NS = 365L * 86_400 * 1_000_000_000L;
    private static final int FRAME = 1_514;

    @Test
    void shouldLetEverythingPassWithoutALimit() {
        TokenBucket bucket = new TokenBucket();
        bucket.take(Integer.MAX_VALUE);

        assertTrue(bucket.admits(Integer.MAX_VALUE, 0));
        assertTrue(bucket.opens(Integer.MAX_VALUE, 0));
        assertFalse(bucket.isLimited());
    }

    @Test
    void shouldBeginFullAndOpenAgainToTheNanosecond() {
        TokenBucket bucket = new TokenBucket();
        bucket.set(8_000_000, 1_000, 50);
        assertTrue(bucket.admits(1_000, 50));
        bucket.take(1_000);

        assertFalse(bucket.admits(1, 50));
        assertFalse(bucket.opens(700, 50));
        assertEquals(700_050, bucket.opensNs(50));
        assertFalse(bucket.opens(700, 700_049));
        assertTrue(bucket.opens(700, 700_050));
    }

    @Test
    void shouldLetWhatIsLargerThanTheBurstPassWhenFullAndPayTheDebtBack() {
        TokenBucket bucket = new TokenBucket();
        bucket.set(8_000_000, 1_000, 0);
        assertTrue(bucket.admits(5_000, 0));
        bucket.take(5_000);

        assertEquals(-4_000, bucket.bytes());
        assertFalse(bucket.opens(5_000, 0));
        assertEquals(5_000_000, bucket.opensNs(0));
    }

    @Test
    void shouldKeepWhatWasEarnedWhenTheRateChanges() {
        TokenBucket bucket = new TokenBucket();
        bucket.set(8_000_000, 1_000, 0);
        bucket.take(1_000);

        bucket.set(80_000_000, 2_000, 300_000);

        bucket.admits(0, 300_000);
        assertEquals(300, bucket.bytes());
        bucket.admits(0, 310_000);
        assertEquals(400, bucket.bytes());
        bucket.set(80_000_000, 200, 310_000);
        assertEquals(200, bucket.bytes());
    }

    /** A promise of a rate, rather than a limit: used while there is anything left. */
    @Test
    void shouldHaveAnyUntilNothingIsLeft() {
        TokenBucket bucket = new TokenBucket();
        bucket.set(8_000_000, 1_000, 0);
        assertTrue(bucket.hasAny(0));
        bucket.take(1_500);

        assertFalse(bucket.hasAny(0));
        assertEquals(500_001, bucket.anyNs(0));
        assertFalse(bucket.hasAny(500_000));
        assertTrue(bucket.hasAny(500_001));
    }

    /** Saturated: after n packets exactly (n bytes − burst) / rate has passed, rounded up, at the rate's ends and in between. */
    @ParameterizedTest
    @CsvSource({
        "8000, 1514",
        "8001, 3000",
        "1000000, 16384",
        "999999937, 65536",
        "10000000000, 1000000",
        "399999999989, 268435456",
        "400000000000, 268435456"
    })
    void shouldNotDrift(long rate, long burst) {
        TokenBucket bucket = new TokenBucket();
        long nowNs = -YEAR_NS;
        long beganNs = nowNs;
        bucket.set(rate, burst, nowNs);
        int packets = 500_000;
        for (int i = 0; i < packets; i++) {
            if (!bucket.opens(FRAME, nowNs)) {
                nowNs = bucket.opensNs(nowNs);
                assertTrue(bucket.opens(FRAME, nowNs));
            }
            bucket.take(FRAME);
        }

        BigInteger owed = BigInteger.valueOf((long) packets * FRAME - burst).multiply(UNITS);
        long wanted = owed.signum() <= 0
                ? 0
                : owed.add(BigInteger.valueOf(rate - 1))
                        .divide(BigInteger.valueOf(rate))
                        .longValueExact();
        assertEquals(wanted, nowNs - beganNs);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAgreeWithBigNumbersAndKeepToTheBurst(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int bucket = 0; bucket < 40; bucket++) {
            compare(random);
        }
    }

    private static void compare(Random random) {
        TokenBucket bucket = new TokenBucket();
        long rate = rate(random);
        long burst = 1_514L + random.nextInt(random.nextBoolean() ? 10_000 : 100_000_000);
        long nowNs = random.nextLong(-YEAR_NS, YEAR_NS);
        bucket.set(rate, burst, nowNs);
        BigInteger capacity = BigInteger.valueOf(burst).multiply(UNITS);
        BigInteger tokens = capacity;
        // What has passed less what was earned; its rise above its lowest point so far is what a window may let pass at
        // once.
        BigInteger ahead = BigInteger.ZERO;
        BigInteger lowest = BigInteger.ZERO;
        for (int i = 0; i < 2_000; i++) {
            long stepNs = step(random);
            nowNs += stepNs;
            BigInteger earned = BigInteger.valueOf(stepNs).multiply(BigInteger.valueOf(rate));
            tokens = tokens.add(earned).min(capacity);
            ahead = ahead.subtract(earned);
            lowest = lowest.min(ahead);
            int bytes = 1 + random.nextInt(FRAME);
            BigInteger wanted = BigInteger.valueOf(bytes).multiply(UNITS);
            boolean admits = bucket.admits(bytes, nowNs);
            assertEquals(tokens.compareTo(wanted) >= 0, admits);
            boolean opens = bucket.opens(bytes, nowNs);
            assertTrue(admits || !opens, "what opens admits");
            if (!opens) {
                long opensNs = bucket.opensNs(nowNs);
                assertTrue(opensNs > nowNs);
                assertTrue(tokens.add(BigInteger.valueOf(opensNs - nowNs).multiply(BigInteger.valueOf(rate)))
                                .compareTo(wanted)
                        >= 0);
            }
            if (random.nextBoolean() ? admits : opens) {
                bucket.take(bytes);
                tokens = tokens.subtract(wanted);
                ahead = ahead.add(wanted);
                assertTrue(ahead.subtract(lowest).compareTo(capacity) <= 0, "more than burst + rate x t");
            }
            assertEquals(tokens.subtract(tokens.mod(UNITS)).divide(UNITS).longValueExact(), bucket.bytes());
        }
    }

    private static long rate(Random random) {
        double exponent = random.nextDouble();
        return Math.clamp(
                (long) (TokenBucket.LOWEST_RATE
                        * Math.pow((double) TokenBucket.HIGHEST_RATE / TokenBucket.LOWEST_RATE, exponent)),
                TokenBucket.LOWEST_RATE,
                TokenBucket.HIGHEST_RATE);
    }

    private static long step(Random random) {
        return switch (random.nextInt(100)) {
            case 0 -> random.nextLong(YEAR_NS / 1_000);
            case 1, 2, 3 -> random.nextLong(10_000_000_000L);
            case 4, 5, 6, 7, 8, 9 -> random.nextInt(10_000_000);
            default -> random.nextInt(10_000);
        };
    }
}
