package io.marchproxy.l3l4.stages.classify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlocksTest {
    @ParameterizedTest
    @CsvSource({"4, 1", "4, 2", "6, 3", "6, 4"})
    void shouldFindTheSmallestBlockAndThoseAroundIt(int family, long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            TreeSet<Block> set = new TreeSet<>(Blocks.ORDER);
            for (int n = 1 + random.nextInt(60); n > 0; n--) {
                int length = random.nextInt(family == 4 ? 33 : 129);
                set.add(Block.of(
                        new ClassifyRule(
                                -1,
                                null,
                                new AddressPrefix(family, high(random, family), low(random, family), length),
                                null,
                                -1,
                                -1,
                                -1,
                                -1,
                                -1,
                                0,
                                -1),
                        Dimension.SOURCE));
            }
            List<Block> sorted = List.copyOf(set);
            Blocks blocks = new Blocks(sorted);
            for (int n = 0; n < 100; n++) {
                long high = high(random, family);
                long low = low(random, family);
                int found = blocks.find(high, low);
                // The smallest of those that hold a number stands last among them.
                for (int block = sorted.size() - 1; block >= 0; block--) {
                    if (holds(sorted.get(block), high, low)) {
                        assertEquals(block, found, () -> sorted + " " + high + " " + low);
                        found = blocks.parent(found);
                    }
                }
                assertEquals(Blocks.NONE, found);
            }
        }
    }

    private static boolean holds(Block block, long high, long low) {
        AddressPrefix prefix = new AddressPrefix(
                block.family(), block.high(), block.low(), (block.family() == 4 ? 32 : 128) - block.hostBits());
        return prefix.contains(block.family(), high, low);
    }

    private static long high(Random random, int family) {
        return family == 4 ? 0 : random.nextInt(3) == 0 ? -1L : 0x20010db8_00000000L + random.nextInt(3);
    }

    private static long low(Random random, int family) {
        long low = random.nextInt(3) == 0 ? -random.nextInt(5) : random.nextInt(64);
        return family == 4 ? low & 0xffff_ffffL : low;
    }
}
