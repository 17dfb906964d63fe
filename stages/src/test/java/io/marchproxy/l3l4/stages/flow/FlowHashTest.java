package io.marchproxy.l3l4.stages.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FlowHashTest {
    private static final int BUCKETS = 1 << 12;
    private static final int KEYS = 1 << 20;

    static Stream<Arguments> keySequences() {
        return Stream.of(
                keys("ports in turn", n -> key(4, 0, 0x0a000001L + (n >> 16), n & 0xffff)),
                keys("addresses in turn", n -> key(4, 0, 0x0a000000L + n, 40_000)),
                keys("addresses in steps of 256", n -> key(4, 0, (long) n << 8, 40_000)),
                keys("IPv6 networks in turn", n -> key(6, 0x2001_0db8_0000_0000L + n, 1, 40_000)),
                keys("IPv6 hosts in steps of 2^32", n -> key(6, 0x2001_0db8_0000_0000L, (long) n << 32, 40_000)));
    }

    private static Arguments keys(String name, IntFunction<FlowKey> keys) {
        return Arguments.of(name, keys);
    }

    private static FlowKey key(int version, long high, long low, int port) {
        return new FlowKey(17, version, 1, high, low, port, 0, 0x7f000001L, 53);
    }

    /** Chi-square over low and over high bits; 5 standard deviations allowed. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("keySequences")
    void shouldSpreadEvenly(String name, IntFunction<FlowKey> keys) {
        FlowHash hash = new FlowHash(99);
        int[] low = new int[BUCKETS];
        int[] high = new int[BUCKETS];
        for (int i = 0; i < KEYS; i++) {
            int hashed = hash.of(keys.apply(i));
            low[hashed & (BUCKETS - 1)]++;
            high[hashed >>> 20]++;
        }
        double allowed = BUCKETS + 5 * Math.sqrt(2.0 * BUCKETS);
        assertTrue(chiSquare(low) < allowed, name + ": low bits " + chiSquare(low));
        assertTrue(chiSquare(high) < allowed, name + ": high bits " + chiSquare(high));
    }

    private static double chiSquare(int[] counts) {
        double expected = (double) KEYS / BUCKETS;
        double sum = 0;
        for (int count : counts) {
            sum += (count - expected) * (count - expected) / expected;
        }
        return sum;
    }

    @Test
    void shouldDependOnTheSeedAndOnNothingElse() {
        FlowKey key = key(4, 0, 0x0a000001L, 40_000);

        assertEquals(new FlowHash(1).of(key), new FlowHash(1).of(key));
        assertNotEquals(new FlowHash(1).of(key), new FlowHash(2).of(key));
    }

    /** Who aims at one place of a table of addresses by a seed that he has guessed hits it by that seed alone. */
    @Test
    void shouldSpreadAddressesThatAreAimedAtOnePlaceByAnotherSeed() {
        int mask = 1023;
        FlowHash guessed = new FlowHash(1);
        List<Long> aimed = LongStream.iterate(0x0a00_0000L, low -> low + 1)
                .filter(low -> (guessed.of(0, low, 3) & mask) == 5)
                .limit(256)
                .boxed()
                .toList();

        FlowHash other = new FlowHash(2);
        int[] chains = new int[mask + 1];
        aimed.forEach(low -> chains[other.of(0, low, 3) & mask]++);

        int longest = Arrays.stream(chains).max().orElseThrow();
        assertTrue(longest <= 6, longest + " of 256 in one place of 1024");
    }

    @Test
    void shouldTellApartWhatAnAddressStandsFor() {
        FlowHash hash = new FlowHash(7);

        assertNotEquals(hash.of(0, 1, 0), hash.of(0, 1, 1));
        assertNotEquals(hash.of(0, 1, 0), hash.of(1, 0, 0));
    }
}
