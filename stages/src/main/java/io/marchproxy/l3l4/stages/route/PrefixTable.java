package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.Derived;

/**
 * Which gateways a destination leads to: longest-prefix match (RFC 1812, 5.2.4.3; RFC 4632, 5.1) over up to {@value PrefixList#MOST}
 * prefixes of both families. Immutable, and made off the packet path, once for all shards; a look-up allocates nothing.
 *
 * <p>{@link PrefixTrie} has the way of searching. A prefix takes 13 bytes of the heap (IPv6: 25), and outside of it, in a table like the
 * Internet's, some 23 (IPv6: 39); never more than three nodes and eight leaves, 160 bytes.
 */
public final class PrefixTable implements Derived {
    /** Of a destination that no prefix has, or a prefix that lies in no other. */
    public static final int NONE = -1;

    private final PrefixList prefixes;
    private final PrefixTrie v4;
    private final PrefixTrie v6;

    /** By prefix: the next shorter one that leads elsewhere. */
    private final int[] shorter;

    /** A table of some prefixes in memory of any kind. */
    PrefixTable(PrefixList prefixes) {
        this(prefixes, TableMemory.PLAIN);
    }

    /** A table of some prefixes: some tenths of a second for a million. */
    public PrefixTable(PrefixList prefixes, TableMemory memory) {
        this.prefixes = prefixes;
        v4 = new PrefixTrieBuilder(prefixes, memory).build(0, prefixes.v4Size());
        v6 = new PrefixTrieBuilder(prefixes, memory).build(prefixes.v4Size(), prefixes.size());
        shorter = shorter(prefixes);
    }

    /** In their order, those that lie around the one at hand are a stack. */
    private static int[] shorter(PrefixList prefixes) {
        int[] shorter = new int[prefixes.size()];
        int[] around = new int[2 * Long.SIZE + 2];
        int depth = 0;
        for (int i = 0; i < shorter.length; i++) {
            if (i == prefixes.v4Size()) {
                depth = 0;
            }
            while (depth > 0 && !prefixes.contains(around[depth - 1], i)) {
                depth--;
            }
            int next = depth == 0 ? NONE : around[depth - 1];
            shorter[i] = next != NONE && prefixes.set(next) == prefixes.set(i) ? shorter[next] : next;
            around[depth++] = i;
        }
        return shorter;
    }

    /**
     * What {@link #prefix} and {@link #set(long)} tell the longest prefix that has an address by; {@link #NONE} when none has.
     *
     * @param ipVersion 4 or 6
     * @param high first 64 bits; 0 for IPv4
     * @param low last 64 bits, or the 32 bits of IPv4
     */
    public long find(int ipVersion, long high, long low) {
        return ipVersion == 4 ? v4.find(low << Integer.SIZE, 0) : v6.find(high, low);
    }

    /** Number of a prefix that was found, or {@link #NONE}. */
    public static int prefix(long found) {
        return PrefixTrie.prefix(found);
    }

    /** The set of gateways of a prefix that was found. */
    public static int set(long found) {
        return PrefixTrie.set(found);
    }

    /** The set of gateways of a prefix by number. */
    public int setOf(int prefix) {
        return prefixes.set(prefix);
    }

    /** The longest of the prefixes around a prefix whose gateways are others, or {@link #NONE}. */
    public int shorter(int prefix) {
        return shorter[prefix];
    }

    /** All prefixes, by number. */
    public PrefixList prefixes() {
        return prefixes;
    }

    /** What it takes outside of the heap, in bytes. */
    public long bytes() {
        return v4.bytes() + v6.bytes();
    }

    @Override
    public boolean equals(Object other) {
        return other == this || (other instanceof PrefixTable table && prefixes.equals(table.prefixes));
    }

    @Override
    public int hashCode() {
        return prefixes.hashCode();
    }
}
