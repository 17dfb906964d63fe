package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** Prefixes and their gateways as they are read, and then in order. One thread. */
final class PrefixRows {
    private static final int FIRST_SIZE = 64;
    private static final int FEW = 8;

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
        order = new int[count];
        Arrays.setAll(order, i -> i);
        sort(order, order.clone(), 0, count);
        for (int i = 1; i < count; i++) {
            if (isSamePrefix(i) && gateway(i) == gateway(i - 1)) {
                twice.accept(i);
            }
        }
    }

    /** Merges from the bottom up in halves; what is in order already, as files of prefixes mostly are, is only looked at. */
    private void sort(int[] into, int[] from, int begin, int end) {
        if (end - begin <= FEW) {
            for (int i = begin + 1; i < end; i++) {
                int row = into[i];
                int at = i;
                for (; at > begin && compare(into[at - 1], row) > 0; at--) {
                    into[at] = into[at - 1];
                }
                into[at] = row;
            }
            return;
        }
        int middle = (begin + end) >>> 1;
        sort(from, into, begin, middle);
        sort(from, into, middle, end);
        if (compare(from[middle - 1], from[middle]) <= 0) {
            System.arraycopy(from, begin, into, begin, end - begin);
            return;
        }
        int left = begin;
        int right = middle;
        for (int i = begin; i < end; i++) {
            boolean isLeft = right == end || (left < middle && compare(from[left], from[right]) <= 0);
            into[i] = isLeft ? from[left++] : from[right++];
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
        byte[] bytes = areV4[row]
                ? ByteBuffer.allocate(Integer.BYTES)
                        .putInt((int) (high[row] >>> Integer.SIZE))
                        .array()
                : ByteBuffer.allocate(2 * Long.BYTES)
                        .putLong(high[row])
                        .putLong(low[row])
                        .array();
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + Byte.toUnsignedInt(lengths[row]);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
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
