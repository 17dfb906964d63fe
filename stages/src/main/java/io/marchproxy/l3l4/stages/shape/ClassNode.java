package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A class in one direction: its limits, its bound, and its leaves. */
final class ClassNode {
    final int number;
    final Limits limits = new Limits();
    final TokenBucket guarantee = limits.guarantee;
    final TokenBucket ceiling = limits.ceiling;
    int boundPackets;

    /** What a turn brings, in bytes: by its weight. */
    long quantum;

    /** Datagrams that wait, which the bound is for. */
    int heldDatagrams;

    /** What it may still send in its turn among the classes below P0, in bytes; at or below zero the turn is over. */
    long deficit;

    /** Its leaves that may send, as far as their services go. */
    final ByteTurns<Leaf> turns = new ByteTurns<>();

    ClassNode(int number) {
        this.number = number;
    }

    /** It in a set of classes. */
    int bit() {
        return 1 << number;
    }

    /** Writes its limits, and whose turn it is and will be. */
    void save(StateWriter to) {
        limits.save(to);
        to.number(deficit);
        turns.save(to);
        List<Leaf> leaves = turns.inOrder();
        to.number(leaves.size());
        for (Leaf leaf : leaves) {
            to.number(leaf.service.number);
        }
    }

    /** The leaf whose turn it is, or null when none may send. */
    @Nullable
    Leaf turn() {
        return turns.isEmpty() ? null : turns.turn();
    }
}
