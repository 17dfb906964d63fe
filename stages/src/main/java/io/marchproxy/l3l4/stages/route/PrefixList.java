package io.marchproxy.l3l4.stages.route;

import java.util.Arrays;

/**
 * Prefixes and the set of gateways of each, in order: IPv4 before IPv6, then by address, then by length. Immutable. An IPv4 prefix takes 9
 * bytes, one of IPv6 21.
 *
 * <p>Addresses are given as {@code PrefixTrie} has them: from the first bit on, IPv4 in the first 32.
 */
public final class PrefixList {
    /** Prefixes of a list at the most. */
    public static final int MOST = 2_000_000;

    private final int[] v4;
    private final long[] high;
    private final long[] low;
    private final byte[] lengths;
    private final int[] sets;

    private PrefixList(Builder from) {
        v4 = Arrays.copyOf(from.v4, from.v4Count);
        high = Arrays.copyOf(from.high, from.count - from.v4Count);
        low = Arrays.copyOf(from.low, from.count - from.v4Count);
        lengths = Arrays.copyOf(from.lengths, from.count);
        sets = Arrays.copyOf(from.sets, from.count);
    }

    /** How many there are. */
    public int size() {
        return lengths.length;
    }

    /** How many are of IPv4: they come first. */
    public int v4Size() {
        return v4.length;
    }

    /** First 64 bits of a prefix's address. */
    public long high(int prefix) {
        return prefix < v4.length ? (long) v4[prefix] << Integer.SIZE : high[prefix - v4.length];
    }

    /** Last 64 bits of it; 0 for IPv4. */
    public long low(int prefix) {
        return prefix < v4.length ? 0 : low[prefix - v4.length];
    }

    /** In bits. */
    public int length(int prefix) {
        return Byte.toUnsignedInt(lengths[prefix]);
    }

    /** The number of the set of gateways that it leads to. */
    public int set(int prefix) {
        return sets[prefix];
    }

    /** Whether one prefix lies within another of the same family, or is the same. */
    boolean contains(int wide, int prefix) {
        return length(wide) <= length(prefix) && covers(length(wide), high(wide), low(wide), high(prefix), low(prefix));
    }

    private static boolean covers(int length, long high, long low, long otherHigh, long otherLow) {
        return isSame(high, otherHigh, Math.min(length, Long.SIZE))
                && isSame(low, otherLow, Math.max(length - Long.SIZE, 0));
    }

    private static boolean isSame(long one, long other, int bits) {
        return bits == 0 || (one ^ other) >>> (Long.SIZE - bits) == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrefixList list
                && Arrays.equals(v4, list.v4)
                && Arrays.equals(high, list.high)
                && Arrays.equals(low, list.low)
                && Arrays.equals(lengths, list.lengths)
                && Arrays.equals(sets, list.sets);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lengths) + Arrays.hashCode(sets);
    }

    /** Takes prefixes in their order. One thread. */
    public static final class Builder {
        private static final int FIRST_SIZE = 16;

        private int[] v4 = new int[FIRST_SIZE];
        private long[] high = new long[FIRST_SIZE];
        private long[] low = new long[FIRST_SIZE];
        private byte[] lengths = new byte[FIRST_SIZE];
        private int[] sets = new int[FIRST_SIZE];
        private int v4Count;
        private int count;
        private long lastHigh;
        private long lastLow;
        private int lastVersion;

        /**
         * Adds the next prefix.
         *
         * @param version 4 or 6
         * @param firstHigh first 64 bits of its address
         * @param lastBits last 64 bits of its address
         * @throws IllegalArgumentException when it is none, does not come behind the one before, or is one too many
         */
        public void add(int version, long firstHigh, long lastBits, int length, int set) {
            boolean isV4 = version == 4;
            if (length < 0 || length > (isV4 ? Integer.SIZE : 2 * Long.SIZE) || set < 0) {
                throw new IllegalArgumentException("a prefix of " + length + " bits to gateways " + set);
            }
            if (hasHostBits(firstHigh, lastBits, length)) {
                throw new IllegalArgumentException("a prefix with bits set behind its length");
            }
            if (count > 0 && !isAfterLast(version, firstHigh, lastBits, length)) {
                throw new IllegalArgumentException("prefix " + count + " is there already, or out of order");
            }
            if (count == MOST) {
                throw new IllegalArgumentException("more than " + MOST + " prefixes");
            }
            if (count == lengths.length) {
                lengths = Arrays.copyOf(lengths, 2 * count);
                sets = Arrays.copyOf(sets, 2 * count);
            }
            if (isV4) {
                addV4((int) (firstHigh >>> Integer.SIZE));
            } else {
                addV6(firstHigh, lastBits);
            }
            lengths[count] = (byte) length;
            sets[count++] = set;
            lastVersion = version;
            lastHigh = firstHigh;
            lastLow = lastBits;
        }

        private void addV4(int address) {
            if (v4Count == v4.length) {
                v4 = Arrays.copyOf(v4, 2 * v4Count);
            }
            v4[v4Count++] = address;
        }

        private void addV6(long firstHigh, long lastBits) {
            int index = count - v4Count;
            if (index == high.length) {
                high = Arrays.copyOf(high, 2 * index);
                low = Arrays.copyOf(low, 2 * index);
            }
            high[index] = firstHigh;
            low[index] = lastBits;
        }

        private boolean isAfterLast(int version, long firstHigh, long lastBits, int length) {
            if (version != lastVersion) {
                return version > lastVersion;
            }
            int order = Long.compareUnsigned(lastHigh, firstHigh);
            order = order == 0 ? Long.compareUnsigned(lastLow, lastBits) : order;
            return order == 0 ? Byte.toUnsignedInt(lengths[count - 1]) < length : order < 0;
        }

        private static boolean hasHostBits(long high, long low, int length) {
            long inHigh = length >= Long.SIZE ? 0 : high & (-1L >>> length);
            long inLow = length <= Long.SIZE ? low : length == 2 * Long.SIZE ? 0 : low & (-1L >>> (length - Long.SIZE));
            return (inHigh | inLow) != 0;
        }

        /** The list of what was added. */
        public PrefixList build() {
            return new PrefixList(this);
        }
    }
}
