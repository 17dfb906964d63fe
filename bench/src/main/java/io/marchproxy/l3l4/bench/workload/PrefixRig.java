package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.sys.CollectedMemory;
import io.marchproxy.l3l4.stages.route.PrefixList;
import io.marchproxy.l3l4.stages.route.PrefixTable;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A table of prefixes whose lengths are distributed as the Internet's are (rounded, after the reports of bgp.potaroo.net, AS131072, 2025),
 * and destinations within prefixes drawn at random: a million of them, so that no cache helps from one round to the next.
 */
public final class PrefixRig {
    private static final int DESTINATIONS = 1 << 20;
    private static final int GATEWAYS = 16;

    /** Of a thousand IPv4 prefixes, those of each length from /8 to /24. */
    private static final int[] V4_SHARES = {0, 0, 0, 0, 0, 1, 1, 1, 14, 8, 14, 25, 44, 52, 112, 102, 626};

    /** Of a thousand IPv6 prefixes, those of each length from /28 to /48; the others are shorter. */
    private static final int[] V6_SHARES = {
        12, 34, 8, 3, 112, 15, 17, 8, 48, 6, 16, 5, 82, 4, 24, 8, 104, 16, 44, 18, 416
    };

    /** What registries have: 2001::/16, 2400::/12, 2600::/12, 2800::/12, 2a00::/12, 2c00::/12. */
    private static final long[] V6_BLOCKS = {
        0x2001L << 48, 0x24L << 56, 0x26L << 56, 0x28L << 56, 0x2aL << 56, 0x2cL << 56
    };

    private static final int V6_BLOCK_BITS = 12;

    private final PrefixList prefixes;
    private final PrefixTable table;
    private final long[] high = new long[DESTINATIONS];
    private final long[] low = new long[DESTINATIONS];
    private final byte[] versions = new byte[DESTINATIONS];
    private @Nullable DirectTable direct;
    private int next;

    /** So many prefixes of each family. */
    public PrefixRig(int v4, int v6) {
        Random random = new Random(42);
        PrefixList.Builder list = new PrefixList.Builder();
        addV4(list, v4, random);
        addV6(list, v6, random);
        prefixes = list.build();
        table = new PrefixTable(prefixes, CollectedMemory::allocate);
        for (int i = 0; i < DESTINATIONS; i++) {
            int prefix = random.nextInt(prefixes.size());
            long[] address = within(prefix, random);
            versions[i] = (byte) (prefix < prefixes.v4Size() ? 4 : 6);
            high[i] = address[0];
            low[i] = address[1];
        }
    }

    private static void addV4(PrefixList.Builder list, int count, Random random) {
        // Address and length in one number, so that sorting them sorts the prefixes.
        long[] keys = new long[count];
        int have = 0;
        while (have < count) {
            for (; have < count; have++) {
                int length = 8 + drawn(V4_SHARES, random);
                long address = random.nextLong(1L << 24, 224L << 24);
                keys[have] = (address >>> (32 - length) << (32 - length) << 8) | length;
            }
            Arrays.sort(keys);
            have = withoutEquals(keys);
        }
        for (long key : keys) {
            list.add(4, (key >>> 8) << 32, 0, (int) (key & 0xff), random.nextInt(GATEWAYS));
        }
    }

    /** Below /32 they lie in a few tens of thousands of /32, as those that networks are given. */
    private static void addV6(PrefixList.Builder list, int count, Random random) {
        long[] networks = new long[Math.max(count / 4, 1)];
        for (int i = 0; i < networks.length; i++) {
            long block = V6_BLOCKS[random.nextInt(V6_BLOCKS.length)];
            networks[i] = (block | (random.nextLong() >>> V6_BLOCK_BITS)) & (-1L << 32);
        }
        long[] keys = new long[count];
        int have = 0;
        while (have < count) {
            for (; have < count; have++) {
                int length = 28 + drawn(V6_SHARES, random);
                long address = networks[random.nextInt(networks.length)] | random.nextLong(1L << 32);
                keys[have] = (address & (-1L << (64 - length))) | length;
            }
            Arrays.sort(keys);
            have = withoutEquals(keys);
        }
        for (long key : keys) {
            list.add(6, key & (-1L << 16), 0, (int) (key & 0xff), random.nextInt(GATEWAYS));
        }
    }

    private static int drawn(int[] shares, Random random) {
        int left = random.nextInt(Arrays.stream(shares).sum());
        int index = 0;
        while (left >= shares[index]) {
            left -= shares[index++];
        }
        return index;
    }

    /** Moves what is there once to the front; tells how much that is. */
    private static int withoutEquals(long[] sorted) {
        int count = 1;
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] != sorted[i - 1]) {
                sorted[count++] = sorted[i];
            }
        }
        return count;
    }

    private long[] within(int prefix, Random random) {
        int length = prefixes.length(prefix);
        long first = prefixes.high(prefix) | (random.nextLong() >>> length);
        return prefix < prefixes.v4Size() ? new long[] {0, first >>> 32} : new long[] {first, random.nextLong()};
    }

    /** The gateways of a batch of destinations, none of which waits for another, as with packets that came together. */
    public int find() {
        int from = next;
        int found = 0;
        for (int i = from; i < from + Workload.BATCH; i++) {
            found += gateways(i);
        }
        next = (from + Workload.BATCH) & (DESTINATIONS - 1);
        return found;
    }

    /** The same where each destination is known only when the one before was found: what one look-up takes from begin to end. */
    public int findInTurn() {
        int at = next;
        int found = 0;
        for (int i = 0; i < Workload.BATCH; i++) {
            int one = gateways(at);
            found += one;
            at = (at + one) & (DESTINATIONS - 1);
        }
        next = at;
        return found;
    }

    /** The same of IPv4 by another search: see {@link DirectTable}. Only for tables that have nothing else. */
    public int findDirectly() {
        DirectTable all = direct;
        if (all == null) {
            all = new DirectTable(prefixes);
            direct = all;
        }
        int from = next;
        int found = 0;
        for (int i = from; i < from + Workload.BATCH; i++) {
            int prefix = all.find((int) low[i]);
            found += prefix >= 0 && table.setOf(prefix) < GATEWAYS ? 1 : 0;
        }
        next = (from + Workload.BATCH) & (DESTINATIONS - 1);
        return found;
    }

    /** Reading the destinations alone. */
    public int destinations() {
        int from = next;
        long sum = 0;
        for (int i = from; i < from + Workload.BATCH; i++) {
            sum += high[i] ^ low[i] ^ versions[i];
        }
        next = (from + Workload.BATCH) & (DESTINATIONS - 1);
        return sum == 0 ? 0 : Workload.BATCH;
    }

    /** 1 when there is a set of gateways for a destination. */
    private int gateways(int destination) {
        long found = table.find(versions[destination], high[destination], low[destination]);
        return found != PrefixTable.NONE && PrefixTable.set(found) < GATEWAYS ? 1 : 0;
    }

    /** Builds the table anew, as a reload does. */
    public long build() {
        return new PrefixTable(prefixes, CollectedMemory::allocate).bytes();
    }

    /** What the table takes outside of the heap, in bytes. */
    public long bytes() {
        return table.bytes();
    }
}
