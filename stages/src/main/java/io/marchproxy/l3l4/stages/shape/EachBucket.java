package io.marchproxy.l3l4.stages.shape;

import org.jspecify.annotations.Nullable;

/** The ceiling of one client of a service, or of one of its connections, in one direction; or of none, kept to be used again. */
final class EachBucket extends TurnRing.Member<EachBucket> implements ChainedTable.Entry<EachBucket> {
    /** A client's is twice its service's number, a connection's one more. */
    int kind;

    /** A client's address; of a connection, 0 and its flow reference. */
    long high;

    long low;

    final TokenBucket bucket = new TokenBucket();

    /** Packets and ends of streams that wait under it. */
    int held;

    private int hash;
    private @Nullable EachBucket chained;

    /** Is another's from now on, or somebody's for the first time. */
    void begin(int ofKind, long ofHigh, long ofLow, int newHash) {
        kind = ofKind;
        high = ofHigh;
        low = ofLow;
        hash = newHash;
    }

    boolean is(int ofKind, long ofHigh, long ofLow) {
        return low == ofLow && high == ofHigh && kind == ofKind;
    }

    @Override
    public int hash() {
        return hash;
    }

    @Override
    public @Nullable EachBucket chained() {
        return chained;
    }

    @Override
    public void chained(@Nullable EachBucket next) {
        chained = next;
    }
}
