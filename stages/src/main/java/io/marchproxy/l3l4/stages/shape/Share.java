package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** What this shard has of limits that hold for all shards together: an even share, until it is told another. */
final class Share {
    private static final int EVEN = -1;

    private int evenly = ShareOf.WHOLE;
    private int told = EVEN;

    /** Takes over among how many it is shared evenly; what this one was told holds on. */
    void among(int shards) {
        evenly = ShareOf.WHOLE / shards;
    }

    /** Takes over what it is told, in {@link ShareOf#WHOLE}ths. */
    void tell(int share) {
        told = Math.clamp(share, 1, ShareOf.WHOLE);
    }

    boolean isTold() {
        return told != EVEN;
    }

    /** Even again. */
    void forget() {
        told = EVEN;
    }

    /** Of nothing nothing, and else something: no share at all would be no limit at all. */
    long part(long whole) {
        return whole == 0 ? 0 : Math.max(1, whole * (isTold() ? told : evenly) / ShareOf.WHOLE);
    }

    void save(StateWriter to) {
        to.number(told);
    }

    void restore(StateReader from) {
        told = from.number(EVEN, ShareOf.WHOLE);
    }
}
