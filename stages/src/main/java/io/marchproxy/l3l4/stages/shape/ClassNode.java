package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A class in one direction: its limits, its bound, and the ring of its leaves that may send as far as their services go. */
final class ClassNode {
    final int number;
    final Limits limits = new Limits();
    final TokenBucket guarantee = limits.guarantee;
    final TokenBucket ceiling = limits.ceiling;
    int boundPackets;

    /** What a turn brings, in bytes: by its weight. */
    long quantum;

    /** What waits, ends of streams included; and datagrams, which the bound is for. */
    int held;

    int heldDatagrams;

    /** As {@link ClientQueue#deficit}, among the classes below P0. */
    long deficit;

    /** The leaf whose turn it is. */
    private @Nullable Leaf first;

    ClassNode(int number) {
        this.number = number;
    }

    /** Whether a leaf may send, as far as its service goes. */
    boolean hasTurns() {
        return first != null;
    }

    /** Lets a leaf in, which is the last to have a turn. */
    void add(Leaf leaf) {
        Leaf head = first;
        if (head == null) {
            leaf.next = leaf;
            leaf.previous = leaf;
            first = leaf;
        } else {
            Leaf tail = Objects.requireNonNull(head.previous);
            tail.next = leaf;
            leaf.previous = tail;
            leaf.next = head;
            head.previous = leaf;
        }
    }

    void remove(Leaf leaf) {
        Leaf next = Objects.requireNonNull(leaf.next);
        Leaf previous = Objects.requireNonNull(leaf.previous);
        previous.next = next;
        next.previous = previous;
        if (first == leaf) {
            first = next == leaf ? null : next;
        }
        leaf.next = null;
        leaf.previous = null;
    }

    /** Writes its limits, and whose turn it is and will be. */
    void save(StateWriter to) {
        limits.save(to);
        to.number(deficit);
        int leaves = 0;
        for (Leaf leaf = first; leaf != null; leaf = leaf.next == first ? null : leaf.next) {
            leaves++;
        }
        to.number(leaves);
        for (Leaf leaf = first; leaf != null; leaf = leaf.next == first ? null : leaf.next) {
            to.number(leaf.service.number);
        }
    }

    /** The leaf whose turn it is, or null when none may send. */
    @Nullable
    Leaf turn() {
        Leaf leaf = first;
        if (leaf != null) {
            while (leaf.deficit <= 0) {
                leaf.deficit += Schedule.QUANTUM;
                leaf = Objects.requireNonNull(leaf.next);
            }
            first = leaf;
        }
        return leaf;
    }
}
