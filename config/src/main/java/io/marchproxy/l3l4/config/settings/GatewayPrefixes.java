package io.marchproxy.l3l4.config.settings;

import java.util.Arrays;

/**
 * Which gateways of a service have which prefixes: pairs in order, IPv4 before IPv6, then by address, length and gateway, none of them
 * twice. In arrays, since there may be millions. Addresses are 128 bits from the first on; IPv4 stands in the first 32. Immutable.
 */
public final class GatewayPrefixes {
    /** Pairs of a prefix and a gateway at the most. */
    public static final int MOST = 2_000_000;

    /** Different sets of two gateways or more that share prefixes, at the most. */
    public static final int MOST_SETS = 256;

    /** No prefixes: each gateway takes everything. */
    public static final GatewayPrefixes NONE =
            new GatewayPrefixes(0, new long[0], new long[0], new byte[0], new int[0], "");

    private final int v4Size;
    private final long[] high;
    private final long[] low;
    private final byte[] lengths;
    private final int[] gateways;
    private final String digest;

    /**
     * Takes over arrays, which are nobody else's from then on.
     *
     * @param v4Size pairs of IPv4: they come first
     * @param high first 64 bits of each address
     * @param low last 64 bits of each address of IPv6
     * @param lengths in bits
     * @param gateways positions among the service's backends
     * @param digest of a file that they were read from; empty without
     */
    public GatewayPrefixes(int v4Size, long[] high, long[] low, byte[] lengths, int[] gateways, String digest) {
        this.v4Size = v4Size;
        this.high = high;
        this.low = low;
        this.lengths = lengths;
        this.gateways = gateways;
        this.digest = digest;
    }

    /** How many pairs. */
    public int size() {
        return high.length;
    }

    /** 4 or 6. */
    public int version(int pair) {
        return pair < v4Size ? 4 : 6;
    }

    /** First 64 bits of the address. */
    public long high(int pair) {
        return high[pair];
    }

    /** Last 64 bits of the address; 0 for IPv4. */
    public long low(int pair) {
        return pair < v4Size ? 0 : low[pair - v4Size];
    }

    /** In bits. */
    public int length(int pair) {
        return Byte.toUnsignedInt(lengths[pair]);
    }

    /** The gateway's position among the service's backends. */
    public int gateway(int pair) {
        return gateways[pair];
    }

    /** Whether a pair has the prefix of the one before it. */
    public boolean isSameAsBefore(int pair) {
        return pair > 0
                && version(pair) == version(pair - 1)
                && high(pair) == high(pair - 1)
                && low(pair) == low(pair - 1)
                && lengths[pair] == lengths[pair - 1];
    }

    /** Of the file that they were read from; empty without. */
    public String digest() {
        return digest;
    }

    @Override
    public boolean equals(Object other) {
        return other == this
                || (other instanceof GatewayPrefixes prefixes
                        && v4Size == prefixes.v4Size
                        && Arrays.equals(high, prefixes.high)
                        && Arrays.equals(low, prefixes.low)
                        && Arrays.equals(lengths, prefixes.lengths)
                        && Arrays.equals(gateways, prefixes.gateways));
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(high) + Arrays.hashCode(gateways);
    }

    /** As reports say it: the likes would fill pages. */
    @Override
    public String toString() {
        return size() + " prefixes";
    }
}
