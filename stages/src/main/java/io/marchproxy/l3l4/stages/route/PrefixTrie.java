package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Longest-prefix match over the prefixes of one address family, immutable, off heap. Addresses are 128 bits, counted from the first; an
 * IPv4 address stands in the first 32 of them, and the others are zero.
 *
 * <p>Source: Asai and Ohara, "Poptrie: A Compressed Trie with Population Count for Fast and Scalable Software IP Routing Table
 * Lookup", SIGCOMM 2015. The first {@value #DIRECT_BITS} bits are an index into an array ("direct pointing"), then each node takes six
 * bits: one bit of its first word for each of 64 ways says whether there is a node further down, and the population count of the bits
 * before says which; if there is none, the second word says the same of leaves, where equal neighbours are one.
 *
 * <p>What is not in the paper: where all prefixes below have the same next bits, as those of IPv6 mostly have, a node skips these, up to
 * nine times six of them, and knows what they must be (a Patricia trie's, Morrison 1968, but checked on the way); and where there is
 * one prefix only, a lone node has all of its bits and both answers in it. So a prefix takes three nodes at the most, two of them
 * to skip. A leaf is a prefix's number, so that the shorter prefix behind it is known, with its set of gateways beside it; and a
 * node takes 32 bytes, so that none lies in two cache lines.
 *
 * <pre>
 * node: 0| ways with nodes | 8| ways where a leaf begins | 16| number of its first node | 20| number of its first leaf
 *      24| bits that it skips, right-aligned, and in the last six bits how many
 * lone: 0| leaf where the bits are others | 8| – | 16| leaf of its prefix | 24| as above, with the sign bit set
 * leaf: prefix + 2³² × set of gateways; before the first of a node that skips: what holds where the bits are others
 * </pre>
 */
final class PrefixTrie {
    /** A leaf without a prefix. */
    static final long NONE = -1;

    static final int DIRECT_BITS = 18;
    static final int STRIDE = 6;

    /** Bits that a node skips at the most. */
    static final int MOST_SKIPPED = 9 * STRIDE;

    /** Bits that a lone node compares at the most. */
    static final int MOST_COMPARED = 57;

    /** Of a lone node. */
    static final long LONE = Long.MIN_VALUE;

    static final int COUNT_BITS = 6;
    private static final int COUNT_MASK = (1 << COUNT_BITS) - 1;
    private static final int NODE_BYTES = 32;
    private static final int LEAVES = 8;
    private static final int FIRST_NODE = 16;
    private static final int FIRST_LEAF = 20;
    private static final int LONE_LEAF = 16;
    private static final int SKIPS = 24;
    private static final int WAY_SHIFT = Long.SIZE - STRIDE;

    /** What the addresses below point into; freed when nobody has the trie any more. */
    private final MemorySegment memory;

    /** By the first bits: a node's number, or the complement of a leaf's. */
    private final long direct;

    private final long nodes;
    private final long leaves;

    /** Of what a {@link PrefixTrieBuilder} has drawn up. */
    PrefixTrie(int[] directCells, long[] nodeWords, int nodeCount, long[] leafWords, int leafCount, TableMemory from) {
        long directBytes = (long) directCells.length * Integer.BYTES;
        long nodeBytes = (long) nodeCount * NODE_BYTES;
        memory = from.allocate(directBytes + nodeBytes + (long) leafCount * Long.BYTES);
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
            if (nodeWords[word + 3] < 0) {
                Memory.putLong(node + LONE_LEAF, nodeWords[word + 2]);
            } else {
                Memory.putInt(node + FIRST_NODE, (int) (nodeWords[word + 2] >>> Integer.SIZE));
                Memory.putInt(node + FIRST_LEAF, (int) nodeWords[word + 2]);
            }
            Memory.putLong(node + SKIPS, nodeWords[word + 3]);
        }
        for (int i = 0; i < leafCount; i++) {
            Memory.putLong(leaves + (long) i * Long.BYTES, leafWords[i]);
        }
    }

    /** A prefix and its set of gateways in one number. */
    static long leaf(int prefix, int set) {
        return (long) set << Integer.SIZE | prefix;
    }

    static int prefix(long leaf) {
        return (int) leaf;
    }

    static int set(long leaf) {
        return (int) (leaf >>> Integer.SIZE);
    }

    /** The leaf of the longest prefix that an address lies in, or {@link #NONE}. Allocates nothing. */
    long find(long high, long low) {
        try {
            return walk(high, low);
        } finally {
            // Its memory goes with it, and addresses alone would not keep it.
            Reference.reachabilityFence(this);
        }
    }

    private long walk(long high, long low) {
        int cell = Memory.getInt(direct + (high >>> (Long.SIZE - DIRECT_BITS)) * Integer.BYTES);
        long ahead = high << DIRECT_BITS | low >>> (Long.SIZE - DIRECT_BITS);
        long rest = low << DIRECT_BITS;
        while (cell >= 0) {
            long node = nodes + (long) cell * NODE_BYTES;
            long skips = Memory.getLong(node + SKIPS);
            if (skips != 0) {
                int count = (int) skips & COUNT_MASK;
                boolean isSame = ahead >>> (Long.SIZE - count) == (skips & ~LONE) >>> COUNT_BITS;
                if (skips < 0) {
                    return Memory.getLong(isSame ? node + LONE_LEAF : node);
                }
                if (!isSame) {
                    return leafAt(Memory.getInt(node + FIRST_LEAF) - 1L);
                }
                ahead = ahead << count | rest >>> (Long.SIZE - count);
                rest <<= count;
            }
            long way = 1L << (ahead >>> WAY_SHIFT);
            long ways = Memory.getLong(node);
            if ((ways & way) == 0) {
                long begins = Memory.getLong(node + LEAVES) & (way | (way - 1));
                return leafAt(Memory.getInt(node + FIRST_LEAF) + Long.bitCount(begins) - 1L);
            }
            cell = Memory.getInt(node + FIRST_NODE) + Long.bitCount(ways & (way - 1));
            ahead = ahead << STRIDE | rest >>> WAY_SHIFT;
            rest <<= STRIDE;
        }
        return leafAt(~cell);
    }

    private long leafAt(long number) {
        return Memory.getLong(leaves + number * Long.BYTES);
    }

    /** Off heap, in bytes. */
    long bytes() {
        return memory.byteSize();
    }
}
