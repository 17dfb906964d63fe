package io.marchproxy.l3l4.stages.shape;

import static io.marchproxy.l3l4.stages.shape.Color.GREEN;
import static io.marchproxy.l3l4.stages.shape.Color.RED;
import static io.marchproxy.l3l4.stages.shape.Color.YELLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two meters against their RFCs: examples, and big numbers that do what the text says, one token at a time or nearly so. */
class MeterTest {
    /** A byte in 1,000 ns. */
    private static final long RATE = 8_000_000;

    private static final BigInteger UNITS = BigInteger.valueOf(TokenBucket.UNITS);

    @Test
    void shouldSpendTheCommittedBurstThenTheExcessThenRefuse() {
        SingleRateMeter meter = new SingleRateMeter(RATE, 1_000, 500, 0);

        assertEquals(GREEN, meter.mark(1_000, 0));
        assertEquals(YELLOW, meter.mark(500, 0));
        assertEquals(RED, meter.mark(1, 0));
        assertEquals(GREEN, meter.mark(1, 1_000));
    }

    @Test
    void shouldFillTheCommittedBucketFirstAndTheExcessWithWhatIsOver() {
        SingleRateMeter meter = new SingleRateMeter(RATE, 1_000, 500, 0);
        meter.mark(1_000, 0);
        meter.mark(500, 0);

        assertEquals(GREEN, meter.mark(1_000, 1_100_000));
        assertEquals(RED, meter.mark(101, 1_100_000));
        assertEquals(YELLOW, meter.mark(100, 1_100_000));
    }

    @Test
    void shouldNeverMakeAColorBetter() {
        SingleRateMeter single = new SingleRateMeter(RATE, 1_000, 1_000, 0);
        assertEquals(YELLOW, single.mark(100, YELLOW, 0));
        assertEquals(RED, single.mark(100, RED, 0));
        assertEquals(GREEN, single.mark(1_000, GREEN, 0));
        assertEquals(YELLOW, single.mark(900, YELLOW, 0));
        assertEquals(RED, single.mark(1, YELLOW, 0));

        TwoRateMeter two = new TwoRateMeter(2 * RATE, 2_000, RATE, 1_000, 0);
        assertEquals(YELLOW, two.mark(100, YELLOW, 0));
        assertEquals(RED, two.mark(100, RED, 0));
        assertEquals(GREEN, two.mark(1_000, GREEN, 0));
    }

    @Test
    void shouldTellPeakFromCommitted() {
        TwoRateMeter meter = new TwoRateMeter(2 * RATE, 2_000, RATE, 1_000, 0);

        assertEquals(GREEN, meter.mark(1_000, 0));
        assertEquals(YELLOW, meter.mark(1_000, 0));
        assertEquals(RED, meter.mark(1, 0));
        // The peak earns twice what the committed rate does.
        assertEquals(GREEN, meter.mark(100, 100_000));
        assertEquals(YELLOW, meter.mark(100, 100_000));
        assertEquals(RED, meter.mark(1, 100_000));
    }

    @Test
    void shouldRefuseNonsense() {
        assertThrows(IllegalArgumentException.class, () -> new SingleRateMeter(RATE, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new TwoRateMeter(RATE - 1, 1_000, RATE, 1_000, 0));
        assertThrows(IllegalArgumentException.class, () -> new TwoRateMeter(RATE, 1_000, 0, 1_000, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAgreeWithBigNumbers(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            long rate = random.nextLong(TokenBucket.LOWEST_RATE, TokenBucket.HIGHEST_RATE / 2);
            long first = 1_500L + random.nextInt(100_000_000);
            long second = 1_500L + random.nextInt(100_000_000);
            Reference single = new Reference(rate, 0, first, second);
            Reference two = new Reference(rate, 2 * rate, first, second);
            SingleRateMeter singleRate = new SingleRateMeter(rate, first, second, 0);
            TwoRateMeter twoRate = new TwoRateMeter(2 * rate, second, rate, first, 0);
            long nowNs = 0;
            for (int i = 0; i < 1_000; i++) {
                long stepNs = random.nextInt(50) == 0 ? random.nextLong(1L << 50) : random.nextInt(100_000);
                nowNs += stepNs;
                int bytes = 1 + random.nextInt(random.nextInt(10) == 0 ? 60_000_000 : 65_000);
                Color before = Color.values()[random.nextInt(3)];
                assertEquals(single.single(bytes, before, stepNs), singleRate.mark(bytes, before, nowNs));
                assertEquals(two.two(bytes, before, stepNs), twoRate.mark(bytes, before, nowNs));
            }
        }
    }

    /**
     * How much of its rate a meter lets conform of full frames that come by chance at twice the rate (Poisson), by what its burst, or
     * a shard's share of one, has room for: less than a frame is as good as one, and with four next to nothing is lost.
     */
    @ParameterizedTest
    @CsvSource({"375, 0.66, 0.68", "1500, 0.66, 0.68", "3000, 0.92, 0.95", "6000, 0.99, 1.01", "12000, 0.995, 1.01"})
    void shouldHaveRoomForAFewFramesOrLoseSomeOfItsRate(long burst, double least, double most) {
        Random random = new Random(7);
        SingleRateMeter meter = new SingleRateMeter(RATE, burst, 0, 0);
        double nowNs = 0;
        long conformed = 0;
        for (int i = 0; i < 200_000; i++) {
            // A frame takes 1,500 times 1,000 ns at the rate.
            nowNs += -Math.log(1 - random.nextDouble()) * 1_500_000 / 2;
            conformed += meter.police(1_500, (long) nowNs) == GREEN ? 1_500 : 0;
        }
        double part = conformed * 1_000 / nowNs;
        System.out.printf("a burst of %d bytes: %.3f of the rate conforms%n", burst, part);
        assertTrue(part >= least && part <= most, part + " of the rate");
    }

    /** Both meters by the words of their RFCs. */
    private static final class Reference {
        private final BigInteger rate;
        private final BigInteger peakRate;
        private final BigInteger committedRoom;
        private final BigInteger otherRoom;
        private BigInteger committed;
        private BigInteger other;

        Reference(long rate, long peakRate, long committedBytes, long otherBytes) {
            this.rate = BigInteger.valueOf(rate);
            this.peakRate = BigInteger.valueOf(peakRate);
            committedRoom = BigInteger.valueOf(committedBytes).multiply(UNITS);
            otherRoom = BigInteger.valueOf(otherBytes).multiply(UNITS);
            committed = committedRoom;
            other = otherRoom;
        }

        Color single(int bytes, Color before, long stepNs) {
            BigInteger earned = rate.multiply(BigInteger.valueOf(stepNs));
            BigInteger toCommitted = earned.min(committedRoom.subtract(committed));
            committed = committed.add(toCommitted);
            other = other.add(earned.subtract(toCommitted)).min(otherRoom);
            BigInteger wanted = BigInteger.valueOf(bytes).multiply(UNITS);
            if (before == GREEN && committed.compareTo(wanted) >= 0) {
                committed = committed.subtract(wanted);
                return GREEN;
            }
            if (before != RED && other.compareTo(wanted) >= 0) {
                other = other.subtract(wanted);
                return YELLOW;
            }
            return RED;
        }

        Color two(int bytes, Color before, long stepNs) {
            BigInteger passed = BigInteger.valueOf(stepNs);
            committed = committed.add(rate.multiply(passed)).min(committedRoom);
            other = other.add(peakRate.multiply(passed)).min(otherRoom);
            BigInteger wanted = BigInteger.valueOf(bytes).multiply(UNITS);
            if (before == RED || other.compareTo(wanted) < 0) {
                return RED;
            }
            other = other.subtract(wanted);
            if (before == YELLOW || committed.compareTo(wanted) < 0) {
                return YELLOW;
            }
            committed = committed.subtract(wanted);
            return GREEN;
        }
    }
}
