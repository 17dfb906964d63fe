package io.marchproxy.l3l4.stages.route;

import java.util.Arrays;

/**
 * Draws up a {@link PrefixTrie} of prefixes in order of address and then length, in one pass: what is within a prefix comes behind it, so
 * a way's longest prefix is the last that covers it. A million take about a tenth of a second. One thread, used once.
 */
final class PrefixTrieBuilder {
    private static final int WAYS = 1 << PrefixTrie.STRIDE;
    /** Of a node while it is drawn up: its two words, and the numbers of its first node and leaf in one. */
    static final int WORDS = 3;

    private static final int DEPTHS = (128 - PrefixTrie.DIRECT_BITS) / PrefixTrie.STRIDE + 1;
    private static final int FIRST_SIZE = 1 << 10;

    /** A quarter of a GiB: a million prefixes take a tenth of it, unless most are host routes of IPv6 far from one another. */
    static final int MOST_NODES = 1 << 23;

    private final PrefixList prefixes;
    private final int[] direct = new int[1 << PrefixTrie.DIRECT_BITS];
    private long[] nodes = new long[FIRST_SIZE * WORDS];
    private int[] leaves = new int[FIRST_SIZE];
    private int nodeCount;
    private int leafCount;

    /** For each level of nodes: by way, the longest prefix that covers it, and where those begin and end that lie deeper in it. */
    private final int[][] covers = new int[DEPTHS][WAYS];

    private final int[][] begins = new int[DEPTHS][WAYS];
    private final int[][] ends = new int[DEPTHS][WAYS];

    PrefixTrieBuilder(PrefixList prefixes) {
        this.prefixes = prefixes;
    }

    /** The trie of the prefixes from one number on up to another, which are all of one family. */
    PrefixTrie build(int from, int to) {
        Arrays.fill(direct, PrefixTrie.cell(PrefixTrie.NONE));
        int next = from;
        while (next < to) {
            int index = (int) (prefixes.high(next) >>> (Long.SIZE - PrefixTrie.DIRECT_BITS));
            int length = prefixes.length(next);
            if (length <= PrefixTrie.DIRECT_BITS) {
                Arrays.fill(direct, index, index + (1 << (PrefixTrie.DIRECT_BITS - length)), PrefixTrie.cell(next));
                next++;
            } else {
                int end = next + 1;
                while (end < to && prefixes.high(end) >>> (Long.SIZE - PrefixTrie.DIRECT_BITS) == index) {
                    end++;
                }
                int node = take(1);
                fill(node, next, end, PrefixTrie.DIRECT_BITS, ~direct[index] - 1);
                direct[index] = node;
                next = end;
            }
        }
        return new PrefixTrie(direct, nodes, nodeCount, leaves, leafCount);
    }

    private int take(int count) {
        int first = nodeCount;
        nodeCount += count;
        if (nodeCount > MOST_NODES) {
            throw new IllegalArgumentException("the prefixes lie so far apart that they take more than " + MOST_NODES
                    + " nodes of " + PrefixTrie.NODE_BYTES + " bytes");
        }
        if (nodeCount * WORDS > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(nodeCount * WORDS, nodes.length + nodes.length / 2));
        }
        return first;
    }

    /**
     * Fills a node.
     *
     * @param depth bits before it
     * @param cover the longest prefix that covers all of it
     */
    private void fill(int node, int from, int to, int depth, int cover) {
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
        long leafBegins = leaves(deeper, covered);
        nodes[node * WORDS] = deeper;
        nodes[node * WORDS + 1] = leafBegins;
        nodes[node * WORDS + 2] = (long) firstNode << Integer.SIZE | firstLeaf;
        int child = firstNode;
        for (long left = deeper; left != 0; left &= left - 1) {
            int way = Long.numberOfTrailingZeros(left);
            fill(child++, begin[way], end[way], depth + PrefixTrie.STRIDE, covered[way]);
        }
    }

    /** Writes the leaves of the ways that lead no deeper; those that are as the one before are the same. */
    private long leaves(long deeper, int[] covered) {
        long leafBegins = 0;
        boolean isFirst = true;
        int last = PrefixTrie.NONE;
        for (int way = 0; way < WAYS; way++) {
            if ((deeper >>> way & 1) == 0 && (isFirst || covered[way] != last)) {
                isFirst = false;
                last = covered[way];
                leafBegins |= 1L << way;
                if (leafCount == leaves.length) {
                    leaves = Arrays.copyOf(leaves, leaves.length + leaves.length / 2);
                }
                leaves[leafCount++] = last;
            }
        }
        return leafBegins;
    }

    /** The six bits of a prefix behind a depth. */
    private int way(int prefix, int depth) {
        long bits = depth < Long.SIZE
                ? prefixes.high(prefix) << depth | prefixes.low(prefix) >>> (Long.SIZE - depth)
                : prefixes.low(prefix) << (depth - Long.SIZE);
        return (int) (bits >>> (Long.SIZE - PrefixTrie.STRIDE));
    }
}
