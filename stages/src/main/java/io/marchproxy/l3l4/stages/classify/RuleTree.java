package io.marchproxy.l3l4.stages.classify;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rules in a tree, so that the first that matches a packet is found by reading few of them. A node tells its rules apart by one
 * dimension: rules with the same {@link Block} of it are a child, and a packet asks the children whose blocks its number lies in, the
 * smallest first, and the one of the rules that don't care. Rules that are few are read in order. The first match is the least of what
 * the children answer, so a child whose first rule comes later than what is found already is not asked.
 *
 * <p>Each rule is in one place, so memory and the time to build grow as the rules do, whatever they are. Where rules differ by their
 * blocks a look-up costs a halving search for each dimension on the way and a few rules read. Rules that differ only in overlapping
 * ranges of one dimension, or whose prefixes lie one in another many deep, cost more, up to reading all of them.
 *
 * <p>This is a decision tree (Gupta, McKeown, "Packet classification using hierarchical intelligent cuttings", 1999) that never cuts a
 * rule in two, which is what makes theirs large; a dimension's blocks are found as in a search on ranges, and the blocks around them
 * looked through as a tuple space is (Srinivasan, Suri, Varghese, "Packet classification using tuple space search", 1999). Bit vectors
 * (Lakshman, Stiliadis, "High-speed policy-based packet forwarding using efficient multi-dimensional range matching", 1998) take
 * memory and time to build in the square of the rules: 100 MB for 10,000 with two prefixes each. Immutable; any thread.
 */
final class RuleTree {
    /** Rules that are read one after the other. */
    private static final int FEW = 8;

    private static final Dimension[] DIMENSIONS = Dimension.values();

    private final RuleColumns columns;
    private final boolean isOfFlows;
    private final @Nullable Node root;
    private long bytes;

    /**
     * Builds a tree.
     *
     * @param places of the rules in it, ascending
     * @param isOfFlows whether conditions that are about single packets count as met
     */
    RuleTree(List<ClassifyRule> rules, RuleColumns columns, int[] places, boolean isOfFlows) {
        this.columns = columns;
        this.isOfFlows = isOfFlows;
        root = places.length == 0 ? null : build(rules, places, 0);
    }

    private static final class Node {
        /** Where its first rule stands. */
        final int first;

        /** Rules to be read in order; null where there are children. */
        int @Nullable [] rules;

        Dimension dimension = Dimension.SOURCE;

        @Nullable
        Node others;

        /** Children by block, of IPv6 addresses and of everything else. */
        @Nullable
        Children wide;

        @Nullable
        Children narrow;

        Node(int first) {
            this.first = first;
        }
    }

    private static final class Children {
        final Blocks blocks;
        final Node[] nodes;

        /** The first rule of a block's child, or of those of the blocks that hold it. */
        final int[] firsts;

        Children(List<Block> sorted, Node[] nodes) {
            this.blocks = new Blocks(sorted);
            this.nodes = nodes;
            firsts = new int[nodes.length];
            for (int i = 0; i < nodes.length; i++) {
                int parent = blocks.parent(i);
                firsts[i] = parent == Blocks.NONE ? nodes[i].first : Math.min(nodes[i].first, firsts[parent]);
            }
        }
    }

    /** The place of the first rule that matches and stands before a place; that place itself when none does. */
    int firstMatch(RuleQuery query, int before) {
        return root == null || root.first >= before ? before : firstMatch(root, query, before);
    }

    private int firstMatch(Node node, RuleQuery query, int before) {
        int[] few = node.rules;
        if (few != null) {
            return read(few, query, before);
        }
        int best = before;
        Dimension dimension = node.dimension;
        Children children = dimension.isAddress() && query.ipVersion == 6 ? node.wide : node.narrow;
        if (children != null) {
            Blocks blocks = children.blocks;
            int block = blocks.find(query.high(dimension), query.value(dimension));
            while (block != Blocks.NONE && children.firsts[block] < best) {
                Node child = children.nodes[block];
                if (child.first < best) {
                    best = firstMatch(child, query, best);
                }
                block = blocks.parent(block);
            }
        }
        Node others = node.others;
        return others == null || others.first >= best ? best : firstMatch(others, query, best);
    }

    private int read(int[] few, RuleQuery query, int before) {
        for (int place : few) {
            if (place >= before) {
                return before;
            }
            if (isOfFlows ? columns.matchesFlow(place, query) : columns.matches(place, query)) {
                return place;
            }
        }
        return before;
    }

    private Node build(List<ClassifyRule> rules, int[] places, int told) {
        Node node = new Node(places[0]);
        bytes += 56;
        if (places.length > FEW) {
            Split best = null;
            for (Dimension dimension : DIMENSIONS) {
                if ((told & 1 << dimension.ordinal()) == 0 && !(isOfFlows && dimension.isPerPacket())) {
                    Split split = new Split(dimension, rules, places);
                    best = best == null || split.toRead() < best.toRead() ? split : best;
                }
            }
            // To read three rules in four, or more, is no gain for the search.
            if (best != null && best.toRead() < places.length * 0.75) {
                grow(node, best, rules, told | 1 << best.dimension.ordinal());
                return node;
            }
        }
        node.rules = places;
        bytes += 16 + (long) places.length * Integer.BYTES;
        return node;
    }

    private void grow(Node node, Split split, List<ClassifyRule> rules, int told) {
        node.dimension = split.dimension;
        if (split.others.size > 0) {
            node.others = build(rules, split.others.toArray(), told);
        }
        node.wide = children(split, true, rules, told);
        node.narrow = children(split, false, rules, told);
    }

    private @Nullable Children children(Split split, boolean wide, List<ClassifyRule> rules, int told) {
        List<Block> sorted = split.groups.keySet().stream()
                .filter(block -> block.family() == 6 == wide)
                .sorted(Blocks.ORDER)
                .toList();
        if (sorted.isEmpty()) {
            return null;
        }
        Node[] nodes = new Node[sorted.size()];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = build(rules, split.places(sorted.get(i)), told);
        }
        Children children = new Children(sorted, nodes);
        bytes += children.blocks.bytes() + nodes.length * 8L + 80;
        return children;
    }

    /** Bytes that it takes outside the columns, about. */
    long bytes() {
        return bytes;
    }

    /** Rules by what one dimension tells of them. */
    private static final class Split {
        final Dimension dimension;
        final Places others = new Places();
        final Map<Block, Places> groups = new HashMap<>();
        private final int count;

        Split(Dimension dimension, List<ClassifyRule> rules, int[] places) {
            this.dimension = dimension;
            this.count = places.length;
            for (int place : places) {
                Block block = Block.of(rules.get(place), dimension);
                (block == null ? others : groups.computeIfAbsent(block, missing -> new Places())).add(place);
            }
        }

        int[] places(Block block) {
            Places places = groups.get(block);
            return places == null ? new int[0] : places.toArray();
        }

        /** How many rules a packet has to do with that is as likely one rule's as another's. */
        double toRead() {
            double squares = 0;
            for (Places group : groups.values()) {
                squares += (double) group.size * group.size;
            }
            return others.size + squares / count;
        }
    }

    private static final class Places {
        private int[] places = new int[1];
        int size;

        void add(int place) {
            if (size == places.length) {
                places = Arrays.copyOf(places, 2 * size);
            }
            places[size++] = place;
        }

        int[] toArray() {
            return Arrays.copyOf(places, size);
        }
    }
}
