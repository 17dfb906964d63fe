package io.marchproxy.l3l4.stages.shape;

import org.jspecify.annotations.Nullable;

/** A service in one direction: its limits, and its leaves. */
final class ServiceNode extends TurnRing.Member<ServiceNode> implements Wait.Numbered {
    final int number;
    final Limits limits = new Limits();
    final TokenBucket guarantee = limits.guarantee;
    final TokenBucket ceiling = limits.ceiling;

    /** While it is at its ceiling, its leaves have no turns. */
    final Wait<ServiceNode> forCeiling = new Wait<>(this);

    /** While its guarantee is used up, or a class's ceiling keeps it from using it, it is not among the promised. */
    final Wait<ServiceNode> forGuarantee = new Wait<>(this);

    /** While it waits so for classes' ceilings, those classes, a bit each: the others may use its guarantee. 0 when it is used up. */
    int closedClasses;

    private final @Nullable Leaf[] leaves = new @Nullable Leaf[Schedule.CLASSES];

    /** What waits in its leaves, ends of streams included. */
    int held;

    /** Ceilings of each client, and of each connection; with the latter each connection has a queue of its own. */
    RateLimit client = RateLimit.NONE;

    RateLimit connection = RateLimit.NONE;

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

    /**
     * Takes over ceilings of each client and connection.
     *
     * @return whether what waits is to be queued anew: there are ceilings that there were not, or not any more
     */
    boolean each(RateLimit newClient, RateLimit newConnection) {
        boolean isOther = client.isSet() != newClient.isSet() || connection.isSet() != newConnection.isSet();
        client = newClient;
        connection = newConnection;
        return isOther;
    }

    /** Whether somebody waits who might use its ceiling now, or for that. */
    boolean isWanted() {
        if (forCeiling.isOn) {
            return true;
        }
        for (Leaf leaf : leaves) {
            if (leaf != null && leaf.hasTurns()) {
                return true;
            }
        }
        return false;
    }

    /** Whether it has a guarantee, and something that waits and may use it. */
    boolean isPromised() {
        return guarantee.isLimited() && !forCeiling.isOn && !forGuarantee.isOn && isReady();
    }

    /** Whether it waits to use its guarantee for ceilings of classes, of which this is none. */
    boolean waitsForOthersThan(ClassNode trafficClass) {
        return forGuarantee.isOn && closedClasses != 0 && (closedClasses & trafficClass.bit()) == 0;
    }

    /** Whether something waits for which none of its client's ceilings is to be waited for. */
    boolean isReady() {
        for (Leaf leaf : leaves) {
            if (leaf != null && !leaf.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long waitNumber() {
        return number;
    }
}
