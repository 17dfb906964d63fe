package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
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

    /** What waits, ends of streams included; and datagrams, which the bound is for. */
    int held;

    int heldDatagrams;

    /** As {@link ClientQueue#deficit}, among the classes below P0. */
    long deficit;

    /** Its leaves that may send, as far as their services go. */
    final TurnRing<Leaf> turns = new TurnRing<>();

    /** Of all queues of the direction. */
    final TurnNumbers turnNumbers;

    ClassNode(int number, TurnNumbers turnNumbers) {
        this.number = number;
        this.turnNumbers = turnNumbers;
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
    }

    /** The leaf whose turn it is, or null when none may send. */
    @Nullable
    Leaf turn() {
        Leaf leaf = turns.turn();
        if (leaf != null) {
            while (leaf.deficit <= 0) {
                leaf.deficit += Schedule.QUANTUM;
                leaf = leaf.following();
            }
            turns.turn(leaf);
        }
        return leaf;
    }
}
