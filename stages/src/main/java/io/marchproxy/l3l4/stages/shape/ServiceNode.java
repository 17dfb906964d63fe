package io.marchproxy.l3l4.stages.shape;

import org.jspecify.annotations.Nullable;

/** A service in one direction: its limit, and its leaves. */
final class ServiceNode {
    final int number;
    final TokenBucket ceiling = new TokenBucket();
    private final @Nullable Leaf[] leaves = new @Nullable Leaf[DirectionShaper.CLASSES];

    /** What waits in its leaves, ends of streams included. */
    int held;

    /** While it waits for its ceiling: when that lets it go on, and its place among those that wait. */
    long readyNs;

    int place = ReadyServices.NOWHERE;

    ServiceNode(int number) {
        this.number = number;
    }

    /** Its packets of a class; made when the first of them has to wait. */
    Leaf leaf(ClassNode trafficClass) {
        Leaf leaf = leaves[trafficClass.number];
        if (leaf == null) {
            leaf = new Leaf(this, trafficClass);
            leaves[trafficClass.number] = leaf;
        }
        return leaf;
    }

    /** As {@link #leaf}, or null when none of them ever had to wait. */
    @Nullable
    Leaf findLeaf(int trafficClass) {
        return leaves[trafficClass];
    }

    boolean isBlocked() {
        return place != ReadyServices.NOWHERE;
    }
}
