package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Prefixes and their gateways as they are read, and then in order. One thread. */
final class PrefixRows {
    private static final int FIRST_SIZE = 64;

    private long[] high = new long[FIRST_SIZE];
    private long[] low = new long[FIRST_SIZE];
    private byte[] lengths = new byte[FIRST_SIZE];
    private boolean[] areV4 = new boolean[FIRST_SIZE];
    private int[] gateways = new int[FIRST_SIZE];

    /** Where a row stands: a line of the file, or the complement of a number of a value in the configuration. */
    private int[] places = new int[FIRST_SIZE];

    private int[] order = {};
    private int count;

    /** How many there are. */
    int size() {
        return count;
    }

    void add(boolean isV4, long firstBits, long lastBits, int length, int gateway, int place) {
        if (count == high.length) {
            int more = 2 * count;
            high = Arrays.copyOf(high, more);
            low = Arrays.copyOf(low, more);
            lengths = Arrays.copyOf(lengths, more);
            areV4 = Arrays.copyOf(areV4, more);
            gateways = Arrays.copyOf(gateways, more);
            places = Arrays.copyOf(places, more);
        }
        high[count] = firstBits;
        low[count] = lastBits;
        lengths[count] = (byte) length;
        areV4[count] = isV4;
        gateways[count] = gateway;
        places[count] = place;
        count++;
    }

    /** Puts them in order; hears of every row that is there already, by its place in the order. */
    void sort(IntConsumer twice) {
        // Boxed, for the JDK's sort: what is in order already, as files of prefixes mostly are, is only looked at.
        order = IntStream.range(0, count)
                .boxed()
                .sorted(this::compare)
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i = 1; i < count; i++) {
            if (isSamePrefix(i) && gateway(i) == gateway(i - 1)) {
                twice.accept(i);
            }
        }
    }

    private int compare(int one, int other) {
        if (areV4[one] != areV4[other]) {
            return areV4[one] ? -1 : 1;
        }
        int order = Long.compareUnsigned(high[one], high[other]);
        order = order == 0 ? Long.compareUnsigned(low[one], low[other]) : order;
        order = order == 0 ? Byte.toUnsignedInt(lengths[one]) - Byte.toUnsignedInt(lengths[other]) : order;
        order = order == 0 ? gateways[one] - gateways[other] : order;
        return order == 0 ? Integer.compare(one, other) : order;
    }

    /** Whether the one at a place in the order has the prefix of the one before it. */
    boolean isSamePrefix(int at) {
        int one = order[at];
        int other = order[at - 1];
        return areV4[one] == areV4[other]
                && high[one] == high[other]
                && low[one] == low[other]
                && lengths[one] == lengths[other];
    }

    int gateway(int at) {
        return gateways[order[at]];
    }

    int place(int at) {
        return places[order[at]];
    }

    /** The prefix at a place in the order, as text. */
    String text(int at) {
        int row = order[at];
        return IpPrefix.of(areV4[row] ? 4 : 6, high[row], low[row], Byte.toUnsignedInt(lengths[row]))
                .toString();
    }

    /** What was read, in order. */
    GatewayPrefixes prefixes(String digest) {
        int v4 = 0;
        for (int i = 0; i < count; i++) {
            v4 += areV4[i] ? 1 : 0;
        }
        long[] sortedHigh = new long[count];
        long[] sortedLow = new long[count - v4];
        byte[] sortedLengths = new byte[count];
        int[] sortedGateways = new int[count];
        for (int i = 0; i < count; i++) {
            sortedHigh[i] = high[order[i]];
            if (i >= v4) {
                sortedLow[i - v4] = low[order[i]];
            }
            sortedLengths[i] = lengths[order[i]];
            sortedGateways[i] = gateways[order[i]];
        }
        return new GatewayPrefixes(v4, sortedHigh, sortedLow, sortedLengths, sortedGateways, digest);
    }
}
