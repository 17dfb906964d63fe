package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Longest-prefix match over the prefixes of one address family, immutable, off heap. Addresses are 128 bits, counted from the first; an
 * IPv4 address stands in the first 32 of them, and the others are zero.
 *
 * <p>Source: Asai and Ohara, "Poptrie: A Compressed Trie with Population Count for Fast and Scalable Software IP Routing Table
 * Lookup", SIGCOMM 2015. The first {@value #DIRECT_BITS} bits are an index into an array ("direct pointing"), then each node takes six
 * bits: one bit of its first word for each of 64 ways says whether there is a node further down, and the population count of the bits
 * before says which; if there is none, the second word says the same of leaves, where equal neighbours are one. So a look-up reads one
 * array cell, two words for each node on the way, and a leaf: an IPv4 /24 is found in three places, a /48 of IPv6 in seven, and the
 * first of these are the same for all and stay in the nearest cache. What is not in the paper: a leaf is a prefix's number and
 * not its next hop, so that the shorter prefix behind it is known, too; and a node takes 32 bytes, half a cache line, so that none lies
 * in two.
 *
 * <pre>
 * node: 0| ways with nodes | 8| ways where a leaf begins | 16| number of its first node | 20| number of its first leaf | 24| –
 * </pre>
 */
final class PrefixTrie {
    static final int NONE = -1;

    static final int DIRECT_BITS = 18;
    static final int STRIDE = 6;
    static final int NODE_BYTES = 32;
    private static final int LEAVES = 8;
    private static final int FIRST_NODE = 16;
    private static final int FIRST_LEAF = 20;
    private static final int LINE_BYTES = 64;
    private static final int WAY_SHIFT = Long.SIZE - STRIDE;

    /** What the addresses below point into; freed when nobody has the trie any more. */
    private final MemorySegment memory;

    /** By the first bits: a node's number, or the complement of one more than a leaf's prefix. */
    private final long direct;

    private final long nodes;
    private final long leaves;

    /** Of what a {@link PrefixTrieBuilder} has drawn up. */
    PrefixTrie(int[] directCells, long[] nodeWords, int nodeCount, int[] leafCells, int leafCount) {
        long directBytes = (long) directCells.length * Integer.BYTES;
        long nodeBytes = (long) nodeCount * NODE_BYTES;
        memory = Arena.ofAuto().allocate(directBytes + nodeBytes + (long) leafCount * Integer.BYTES, LINE_BYTES);
        direct = memory.address();
        nodes = direct + directBytes;
        leaves = nodes + nodeBytes;
        for (int i = 0; i < directCells.length; i++) {
            Memory.putInt(direct + (long) i * Integer.BYTES, directCells[i]);
        }
        for (int i = 0; i < nodeCount; i++) {
            long node = nodes + (long) i * NODE_BYTES;
            int word = i * PrefixTrieBuilder.WORDS;
            Memory.putLong(node, nodeWords[word]);
            Memory.putLong(node + LEAVES, nodeWords[word + 1]);
            Memory.putInt(node + FIRST_NODE, (int) (nodeWords[word + 2] >>> Integer.SIZE));
            Memory.putInt(node + FIRST_LEAF, (int) nodeWords[word + 2]);
        }
        for (int i = 0; i < leafCount; i++) {
            Memory.putInt(leaves + (long) i * Integer.BYTES, leafCells[i]);
        }
    }

    /** The array cell that names a prefix, or none. */
    static int cell(int prefix) {
        return ~(prefix + 1);
    }

    /** Number of the longest prefix that an address lies in, or {@link #NONE}. Allocates nothing. */
    int find(long high, long low) {
        int cell = Memory.getInt(direct + (high >>> (Long.SIZE - DIRECT_BITS)) * Integer.BYTES);
        long ahead = high << DIRECT_BITS | low >>> (Long.SIZE - DIRECT_BITS);
        long rest = low << DIRECT_BITS;
        while (cell >= 0) {
            long node = nodes + (long) cell * NODE_BYTES;
            long way = 1L << (ahead >>> WAY_SHIFT);
            long ways = Memory.getLong(node);
            if ((ways & way) == 0) {
                long begins = Memory.getLong(node + LEAVES) & (way | (way - 1));
                long leaf = Memory.getInt(node + FIRST_LEAF) + Long.bitCount(begins) - 1L;
                return Memory.getInt(leaves + leaf * Integer.BYTES);
            }
            cell = Memory.getInt(node + FIRST_NODE) + Long.bitCount(ways & (way - 1));
            ahead = ahead << STRIDE | rest >>> WAY_SHIFT;
            rest <<= STRIDE;
        }
        return ~cell - 1;
    }

    /** Off heap, in bytes. */
    long bytes() {
        return memory.byteSize();
    }
}
