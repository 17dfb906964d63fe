package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a search through all prefixes, one after the other. */
class PrefixTableTest {
    private static final int V4_BITS = 32;
    private static final int V6_BITS = 128;

    /** Address from the first bit on, as lists have it. */
    private record Prefix(int version, long high, long low, int length) {
        private static final Comparator<Prefix> ORDER = Comparator.comparingInt(Prefix::version)
                .thenComparing(Prefix::high, Long::compareUnsigned)
                .thenComparing(Prefix::low, Long::compareUnsigned)
                .thenComparingInt(Prefix::length);

        static Prefix of(int version, long high, long low, int length) {
            return new Prefix(version, high & mask(length), low & mask(length - 64), length);
        }

        static long mask(int bits) {
            return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << (64 - bits);
        }

        boolean has(int family, long otherHigh, long otherLow) {
            return family == version && (otherHigh & mask(length)) == high && (otherLow & mask(length - 64)) == low;
        }
    }

    private static PrefixTable table(List<Prefix> inOrder) {
        PrefixList.Builder list = new PrefixList.Builder();
        for (int i = 0; i < inOrder.size(); i++) {
            Prefix prefix = inOrder.get(i);
            list.add(prefix.version(), prefix.high(), prefix.low(), prefix.length(), i % 5);
        }
        return new PrefixTable(list.build());
    }

    private static PrefixTable table(Prefix... prefixes) {
        TreeSet<Prefix> set = new TreeSet<>(Prefix.ORDER);
        set.addAll(List.of(prefixes));
        return table(List.copyOf(set));
    }

    private static int find(PrefixTable table, int version, long high, long low) {
        long found = version == 4 ? table.find(4, 0, high >>> 32) : table.find(6, high, low);
        int prefix = PrefixTable.prefix(found);
        assertTrue(prefix == PrefixTable.NONE || PrefixTable.set(found) == table.setOf(prefix));
        return prefix;
    }

    private static int slowly(List<Prefix> all, int version, long high, long low) {
        int best = PrefixTable.NONE;
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).has(version, high, low)
                    && (best < 0 || all.get(best).length() < all.get(i).length())) {
                best = i;
            }
        }
        return best;
    }

    private static Prefix v4(int address, int length) {
        return Prefix.of(4, (long) address << 32, 0, length);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void shouldFindWhatASearchThroughAllFinds(long seed) {
        Random random = new Random(seed);
        List<Prefix> all = random(random, 1 + random.nextInt(700));
        PrefixTable table = table(all);
        for (int i = 0; i < 10_000; i++) {
            long[] address = address(random, all);
            int version = (int) address[0];
            String where = "seed " + seed + ", address " + Long.toHexString(address[1]) + " "
                    + Long.toHexString(address[2]) + " of IPv" + version;
            assertEquals(
                    slowly(all, version, address[1], address[2]), find(table, version, address[1], address[2]), where);
        }
    }

    /** Many of the same beginnings, of all lengths, so that they lie in one another and side by side. */
    private static List<Prefix> random(Random random, int count) {
        TreeSet<Prefix> all = new TreeSet<>(Prefix.ORDER);
        Prefix last = Prefix.of(6, random.nextLong(), random.nextLong(), V6_BITS);
        for (int i = 0; i < count; i++) {
            int version = random.nextInt(3) == 0 ? 6 : 4;
            int bits = version == 4 ? V4_BITS : V6_BITS;
            int length = random.nextInt(5) == 0 ? bits - random.nextInt(3) : random.nextInt(bits + 1);
            boolean isNear = random.nextBoolean() && last.version() == version;
            long high = isNear ? last.high() ^ (random.nextLong() >>> random.nextInt(64)) : random.nextLong();
            long low = isNear ? last.low() ^ (random.nextLong() >>> random.nextInt(64)) : random.nextLong();
            last = Prefix.of(version, high & mask4(version), version == 4 ? 0 : low, length);
            all.add(last);
        }
        return List.copyOf(all);
    }

    private static long mask4(int version) {
        return version == 4 ? -1L << 32 : -1;
    }

    /** An address at, before or behind a border of a prefix, within one, or anywhere. */
    private static long[] address(Random random, List<Prefix> all) {
        Prefix prefix = all.get(random.nextInt(all.size()));
        long within = random.nextLong();
        long high = prefix.high();
        long low = prefix.low();
        switch (random.nextInt(5)) {
            case 0 -> {
                high |= within & ~Prefix.mask(prefix.length());
                low |= random.nextLong() & ~Prefix.mask(prefix.length() - 64);
            }
            case 1 -> {
                high |= ~Prefix.mask(prefix.length());
                low |= ~Prefix.mask(prefix.length() - 64);
            }
            case 2 -> {
                low--;
                high -= prefix.low() == 0 ? 1 : 0;
            }
            case 3 -> {
                high = within;
                low = random.nextLong();
            }
            default -> {
                // its first
            }
        }
        int version = prefix.version();
        return new long[] {version, high & mask4(version), version == 4 ? 0 : low};
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32})
    void shouldAgreeWithOneMapForEachLengthOverManyPrefixes(long seed) {
        Random random = new Random(seed);
        TreeSet<Prefix> set = new TreeSet<>(Prefix.ORDER);
        while (set.size() < 150_000) {
            boolean isV4 = random.nextInt(3) > 0;
            long high = isV4 ? random.nextLong() & mask4(4) : 0x2001_0000_0000_0000L | random.nextLong() >>> 20;
            set.add(Prefix.of(
                    isV4 ? 4 : 6,
                    high,
                    isV4 ? 0 : random.nextLong(),
                    isV4 ? 8 + random.nextInt(25) : 16 + random.nextInt(60)));
        }
        List<Prefix> all = List.copyOf(set);
        Map<Prefix, Integer> numbers = new HashMap<>();
        for (int i = 0; i < all.size(); i++) {
            numbers.put(all.get(i), i);
        }
        PrefixTable table = table(all);
        for (int i = 0; i < 100_000; i++) {
            long[] address = address(random, all);
            int version = (int) address[0];
            int expected = PrefixTable.NONE;
            for (int length = version == 4 ? V4_BITS : V6_BITS; length >= 0 && expected < 0; length--) {
                expected = numbers.getOrDefault(Prefix.of(version, address[1], address[2], length), PrefixTable.NONE);
            }
            assertEquals(expected, find(table, version, address[1], address[2]), "seed " + seed);
        }
    }

    @Test
    void shouldTakeDefaultRoutesAndHosts() {
        Prefix all4 = v4(0, 0);
        Prefix host4 = v4(0x0a000001, 32);
        Prefix all6 = Prefix.of(6, 0, 0, 0);
        Prefix host6 = Prefix.of(6, 0x2001_0db8_0000_0000L, 1, 128);
        PrefixTable table = table(all4, host4, all6, host6);

        assertEquals(0, PrefixTable.prefix(table.find(4, 0, 0)));
        assertEquals(0, PrefixTable.prefix(table.find(4, 0, 0xffff_ffffL)));
        assertEquals(1, PrefixTable.prefix(table.find(4, 0, 0x0a000001)));
        assertEquals(0, PrefixTable.prefix(table.find(4, 0, 0x0a000002)));
        assertEquals(2, PrefixTable.prefix(table.find(6, -1, -1)));
        assertEquals(3, PrefixTable.prefix(table.find(6, 0x2001_0db8_0000_0000L, 1)));
        assertEquals(2, PrefixTable.prefix(table.find(6, 0x2001_0db8_0000_0000L, 0)));
        assertEquals(0, table.shorter(1));
        assertEquals(PrefixTable.NONE, table.shorter(0));
        assertEquals(PrefixTable.NONE, table.shorter(2), "the families have nothing to do with one another");
        assertEquals(2, table.shorter(3));
    }

    @Test
    void shouldFindNothingInAnEmptyTable() {
        PrefixTable table = table(List.of());

        assertEquals(PrefixTable.NONE, PrefixTable.prefix(table.find(4, 0, 0x0a000001)));
        assertEquals(PrefixTable.NONE, PrefixTable.prefix(table.find(6, 0x2001_0db8_0000_0000L, 1)));
    }

    @Test
    void shouldKnowTheNextShorterPrefixThatLeadsElsewhere() {
        PrefixList.Builder list = new PrefixList.Builder();
        list.add(4, 0x0a00_0000L << 32, 0, 8, 0);
        list.add(4, 0x0a00_0000L << 32, 0, 16, 1);
        list.add(4, 0x0a00_0000L << 32, 0, 24, 1);
        list.add(4, 0x0a01_0000L << 32, 0, 16, 0);
        list.add(4, 0x0b00_0000L << 32, 0, 8, 1);
        PrefixTable table = new PrefixTable(list.build());

        assertEquals(0, table.shorter(2), "the /16 has the same gateways");
        assertEquals(0, table.shorter(1));
        assertEquals(PrefixTable.NONE, table.shorter(3), "the /8 has the same gateways");
        assertEquals(PrefixTable.NONE, table.shorter(4));
    }

    @Test
    void shouldRefuseWhatIsNoPrefixAndWhatIsThereAlready() {
        PrefixList.Builder list = new PrefixList.Builder();
        list.add(4, 0x0a00_0000L << 32, 0, 8, 0);

        assertThrows(IllegalArgumentException.class, () -> list.add(4, 0x0a00_0000L << 32, 0, 8, 1), "there already");
        assertThrows(IllegalArgumentException.class, () -> list.add(4, 0x0900_0000L << 32, 0, 8, 0), "out of order");
        assertThrows(IllegalArgumentException.class, () -> list.add(4, 0x0b00_0001L << 32, 0, 8, 0), "host bits");
        assertThrows(IllegalArgumentException.class, () -> list.add(4, 0x0b00_0000L << 32, 0, 33, 0), "too long");
        assertThrows(IllegalArgumentException.class, () -> list.add(6, 0, 1, 127, 0), "host bits");
        list.add(6, 0, 1, 128, 0);
        assertThrows(IllegalArgumentException.class, () -> list.add(4, 0x0c00_0000L << 32, 0, 8, 0), "family");
        assertEquals(2, list.build().size());
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25, 26})
    void shouldBeTheSameAfterItWasPackedAndUnpacked(long seed) {
        Random random = new Random(seed);
        PrefixList list = table(random(random, 1 + random.nextInt(3_000))).prefixes();

        assertEquals(list, PackedPrefixes.read(PackedPrefixes.write(list)), "seed " + seed);
    }

    @Test
    void shouldPackNothingAndTheShortestAndLongest() {
        for (PrefixTable table : List.of(
                table(List.of()),
                table(v4(0, 0), v4(-1, 32)),
                table(Prefix.of(6, 0, 0, 0), Prefix.of(6, 0, 0, 128), Prefix.of(6, -1, -1, 128)))) {
            assertEquals(table.prefixes(), PackedPrefixes.read(PackedPrefixes.write(table.prefixes())));
        }
    }

    @Test
    void shouldRefuseAPackedTextThatIsDamaged() {
        String packed = PackedPrefixes.write(table(random(new Random(7), 500)).prefixes());
        Random random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            char[] text = packed.toCharArray();
            text[random.nextInt(text.length)] = (char) ('A' + random.nextInt(26));
            try {
                assertTrue(PackedPrefixes.read(new String(text)).size() <= PrefixList.MOST);
            } catch (IllegalArgumentException _) {
                refused++;
            }
        }
        assertTrue(refused > 400, "compressed data has a checksum: " + refused + " of 500 were refused");
        assertThrows(IllegalArgumentException.class, () -> PackedPrefixes.read(packed.substring(0, 100)));
        assertThrows(IllegalArgumentException.class, () -> PackedPrefixes.read(""));
    }

    @Test
    void shouldTellTablesApart() {
        List<Prefix> some = random(new Random(9), 100);
        assertEquals(table(some), table(some));
        assertEquals(table(some).hashCode(), table(some).hashCode());
        assertNotEquals(table(some), table(some.subList(1, some.size())));
    }

    @Test
    void shouldTakeNoMoreThanItMayWhereverPrefixesLie() {
        int count = 50_000;
        PrefixList.Builder hosts = new PrefixList.Builder();
        PrefixList.Builder pairs = new PrefixList.Builder();
        long apart = Long.MAX_VALUE / count;
        for (long i = 0; i < count; i++) {
            hosts.add(6, 2 * i * apart, 1, 128, 0);
            pairs.add(6, i / 2 * 4 * apart, i % 2, 128, (int) (i % 2));
        }
        long direct = 4L << PrefixTrie.DIRECT_BITS << 1;

        for (PrefixList.Builder list : List.of(hosts, pairs)) {
            long bytes = new PrefixTable(list.build()).bytes() - direct;
            assertTrue(bytes <= 160L * count, "far apart: " + bytes);
        }
    }

    @Test
    void shouldAllocateNothingWhenItIsAsked() {
        List<Prefix> all = random(new Random(11), 500);
        PrefixTable table = table(all);
        long[][] addresses = new long[256][];
        Random random = new Random(12);
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = address(random, all);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long found = ask(table, addresses);
        long before = threads.getCurrentThreadAllocatedBytes();

        found += ask(table, addresses);

        assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 10_000, "a look-up allocates");
        assertTrue(found > 0);
    }

    private static long ask(PrefixTable table, long[][] addresses) {
        long found = 0;
        for (int i = 0; i < 100_000; i++) {
            long[] address = addresses[i & 255];
            int prefix = find(table, (int) address[0], address[1], address[2]);
            found += prefix >= 0 ? table.setOf(prefix) + table.shorter(prefix) + 1 : 0;
        }
        return found;
    }
}
