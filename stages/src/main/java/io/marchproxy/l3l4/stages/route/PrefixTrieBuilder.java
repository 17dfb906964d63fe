package io.marchproxy.l3l4.stages.route;

import java.util.Arrays;

/**
 * Draws up a {@link PrefixTrie} of prefixes in order of address and then length, in one pass: what is within a prefix comes behind it, so
 * a way's longest prefix is the last that covers it. A million take some tenths of a second. One thread, used once.
 */
final class PrefixTrieBuilder {
    /** Of a node while it is drawn up: its two words, the numbers of its first node and leaf in one, and what it skips. */
    static final int WORDS = 4;

    private static final int NOBODY = PrefixTable.NONE;
    private static final int WAYS = 1 << PrefixTrie.STRIDE;
    private static final int DEPTHS = (2 * Long.SIZE - PrefixTrie.DIRECT_BITS) / PrefixTrie.STRIDE + 1;
    private static final int FIRST_SIZE = 1 << 10;

    private final PrefixList prefixes;
    private final TableMemory memory;
    private final int[] direct = new int[1 << PrefixTrie.DIRECT_BITS];
    private long[] nodes = new long[FIRST_SIZE * WORDS];
    private long[] leaves = new long[FIRST_SIZE];
    private int nodeCount;
    private int leafCount;

    /** For each level of nodes: by way, the longest prefix that covers it, and where those begin and end that lie deeper in it. */
    private final int[][] covers = new int[DEPTHS][WAYS];

    private final int[][] begins = new int[DEPTHS][WAYS];
    private final int[][] ends = new int[DEPTHS][WAYS];

    PrefixTrieBuilder(PrefixList prefixes, TableMemory memory) {
        this.prefixes = prefixes;
        this.memory = memory;
    }

    /** The trie of the prefixes from one number on up to another, which are all of one family. */
    PrefixTrie build(int from, int to) {
        Arrays.fill(direct, ~addLeaf(NOBODY));
        int next = from;
        while (next < to) {
            int index = (int) (prefixes.high(next) >>> (Long.SIZE - PrefixTrie.DIRECT_BITS));
            int length = prefixes.length(next);
            if (length <= PrefixTrie.DIRECT_BITS) {
                Arrays.fill(direct, index, index + (1 << (PrefixTrie.DIRECT_BITS - length)), ~addLeaf(next));
                next++;
            } else {
                int end = next + 1;
                while (end < to && prefixes.high(end) >>> (Long.SIZE - PrefixTrie.DIRECT_BITS) == index) {
                    end++;
                }
                int node = take(1);
                fill(node, next, end, PrefixTrie.DIRECT_BITS, PrefixTrie.prefix(leaves[~direct[index]]));
                direct[index] = node;
                next = end;
            }
        }
        return new PrefixTrie(direct, nodes, nodeCount, leaves, leafCount, memory);
    }

    private int take(int count) {
        int first = nodeCount;
        nodeCount += count;
        if (nodeCount * WORDS > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(nodeCount * WORDS, nodes.length + nodes.length / 2));
        }
        return first;
    }

    private int addLeaf(int prefix) {
        if (leafCount == leaves.length) {
            leaves = Arrays.copyOf(leaves, leaves.length + leaves.length / 2);
        }
        leaves[leafCount] = leaf(prefix);
        return leafCount++;
    }

    private long leaf(int prefix) {
        return prefix == NOBODY ? PrefixTrie.NONE : PrefixTrie.leaf(prefix, prefixes.set(prefix));
    }

    /**
     * Fills a node.
     *
     * @param before bits that lead to it
     * @param cover the longest prefix that covers all of it
     */
    private void fill(int node, int from, int to, int before, int cover) {
        int left = prefixes.length(from) - before;
        if (to - from == 1 && left <= PrefixTrie.MOST_COMPARED) {
            long own = bits(from, before) >>> (Long.SIZE - left);
            nodes[node * WORDS] = leaf(cover);
            nodes[node * WORDS + 2] = leaf(from);
            nodes[node * WORDS + 3] = PrefixTrie.LONE | own << PrefixTrie.COUNT_BITS | left;
            return;
        }
        int skipped = skipped(from, to, before);
        if (skipped > 0) {
            addLeaf(cover);
            long bits = bits(from, before) >>> (Long.SIZE - skipped);
            nodes[node * WORDS + 3] = bits << PrefixTrie.COUNT_BITS | skipped;
        }
        int depth = before + skipped;
        int level = (depth - PrefixTrie.DIRECT_BITS) / PrefixTrie.STRIDE;
        int[] covered = covers[level];
        int[] begin = begins[level];
        int[] end = ends[level];
        Arrays.fill(covered, cover);
        long deeper = 0;
        int next = from;
        for (int way = 0; way < WAYS; way++) {
            for (; next < to && way(next, depth) == way && prefixes.length(next) <= depth + PrefixTrie.STRIDE; next++) {
                int wide = 1 << (depth + PrefixTrie.STRIDE - prefixes.length(next));
                Arrays.fill(covered, way, way + wide, next);
            }
            begin[way] = next;
            while (next < to && way(next, depth) == way) {
                deeper |= 1L << way;
                next++;
            }
            end[way] = next;
        }
        int firstNode = take(Long.bitCount(deeper));
        int firstLeaf = leafCount;
        nodes[node * WORDS] = deeper;
        nodes[node * WORDS + 1] = leaves(deeper, covered);
        nodes[node * WORDS + 2] = (long) firstNode << Integer.SIZE | firstLeaf;
        int child = firstNode;
        for (long more = deeper; more != 0; more &= more - 1) {
            int way = Long.numberOfTrailingZeros(more);
            fill(child++, begin[way], end[way], depth + PrefixTrie.STRIDE, covered[way]);
        }
    }

    /** How many of the next bits all have in common, and none ends in or right behind, in whole strides. */
    private int skipped(int from, int to, int depth) {
        long apart = bits(from, depth) ^ bits(to - 1, depth);
        int common = Math.min(Long.numberOfLeadingZeros(apart), PrefixTrie.MOST_SKIPPED);
        for (int i = from; i < to && common >= PrefixTrie.STRIDE; i++) {
            common = Math.min(common, prefixes.length(i) - depth - 1);
        }
        return common / PrefixTrie.STRIDE * PrefixTrie.STRIDE;
    }

    /** Writes the leaves of the ways that lead no deeper; those that are as the one before are the same. */
    private long leaves(long deeper, int[] covered) {
        long leafBegins = 0;
        int last = NOBODY;
        for (int way = 0; way < WAYS; way++) {
            if ((deeper >>> way & 1) == 0 && (leafBegins == 0 || covered[way] != last)) {
                last = covered[way];
                leafBegins |= 1L << way;
                addLeaf(last);
            }
        }
        return leafBegins;
    }

    /** The six bits of a prefix behind a depth. */
    private int way(int prefix, int depth) {
        return (int) (bits(prefix, depth) >>> (Long.SIZE - PrefixTrie.STRIDE));
    }

    /** The 64 bits of a prefix behind a depth, which is not 0. */
    private long bits(int prefix, int depth) {
        return depth < Long.SIZE
                ? prefixes.high(prefix) << depth | prefixes.low(prefix) >>> (Long.SIZE - depth)
                : prefixes.low(prefix) << (depth - Long.SIZE);
    }
}
