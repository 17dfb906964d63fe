package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a search that goes from one to the next. */
class LeastLoadedTest {
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldFindWhomAPlainSearchFinds(boolean isRow) {
        for (long seed = 1; seed <= 200; seed++) {
            Random random = new Random(seed);
            int size = 1 + random.nextInt(300);
            int[] numbers = new int[size];
            int number = random.nextInt(50);
            for (int i = 0; i < size; i++) {
                numbers[i] = number;
                number += isRow ? 1 : 1 + random.nextInt(3);
            }
            long[] loads = new long[number];
            boolean[] mayBeUsed = new boolean[size];
            LeastLoaded search = new LeastLoaded(numbers);
            for (int i = 0; i < 50; i++) {
                fill(loads, random);
                some(mayBeUsed, random);
                search.refresh(mayBeUsed);
                int first = random.nextInt(size);
                assertEquals(plain(numbers, loads, mayBeUsed, first), search.from(first, loads), "seed " + seed);
                boolean[] among = mayBeUsed.clone();
                some(among, random);
                assertEquals(plain(numbers, loads, among, first), search.from(first, loads, among), "seed " + seed);
            }
        }
    }

    /** Many flows, weights of all kinds, one of them 0, and many equals. */
    private static void fill(long[] loads, Random random) {
        int most = 1 + random.nextInt(random.nextBoolean() ? 4 : 1_000_000);
        for (int i = 0; i < loads.length; i++) {
            double weight = random.nextInt(10) == 0 ? 0 : (1 + random.nextInt(10)) / 4.0;
            loads[i] = Double.doubleToRawLongBits((1 + random.nextInt(most)) / weight);
        }
    }

    private static void some(boolean[] of, Random random) {
        int oneIn = 1 + random.nextInt(10);
        for (int i = 0; i < of.length; i++) {
            of[i] = random.nextInt(oneIn) == 0;
        }
        of[random.nextInt(of.length)] = true;
    }

    private static int plain(int[] numbers, long[] loads, boolean[] some, int first) {
        int best = -1;
        for (int i = 0; i < numbers.length; i++) {
            int position = (first + i) % numbers.length;
            if (some[position]
                    && (best < 0
                            || Double.longBitsToDouble(loads[numbers[position]])
                                    < Double.longBitsToDouble(loads[numbers[best]]))) {
                best = position;
            }
        }
        return best;
    }
}
