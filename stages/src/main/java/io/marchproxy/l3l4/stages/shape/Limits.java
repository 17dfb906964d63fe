package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** What a link, class or service is promised and held to in one direction: this shard's share of the whole. */
final class Limits {
    private static final int EVEN = -1;

    final TokenBucket guarantee = new TokenBucket();
    final TokenBucket ceiling = new TokenBucket();
    private RateLimit wholeGuarantee = RateLimit.NONE;
    private RateLimit wholeCeiling = RateLimit.NONE;
    private int evenly = ShareOf.WHOLE;
    private int told = EVEN;

    /**
     * Takes over new limits of the whole.
     *
     * @param shards that share them evenly, until they are told otherwise; what this one was told holds on
     */
    void set(RateLimit newGuarantee, RateLimit newCeiling, int shards, long nowNs) {
        wholeGuarantee = newGuarantee;
        wholeCeiling = newCeiling;
        evenly = ShareOf.WHOLE / shards;
        int share = told == EVEN ? evenly : told;
        guarantee.set(part(wholeGuarantee.bitsPerSecond(), share), part(wholeGuarantee.burstBytes(), share), nowNs);
        ceiling.set(part(wholeCeiling.bitsPerSecond(), share), part(wholeCeiling.burstBytes(), share), nowNs);
    }

    /** Takes over this shard's share, in {@link ShareOf#WHOLE}ths. */
    void share(int share, long nowNs) {
        told = Math.clamp(share, 1, ShareOf.WHOLE);
        guarantee.share(part(wholeGuarantee.bitsPerSecond(), told), part(wholeGuarantee.burstBytes(), told), nowNs);
        ceiling.share(part(wholeCeiling.bitsPerSecond(), told), part(wholeCeiling.burstBytes(), told), nowNs);
    }

    void save(StateWriter to) {
        to.number(told);
        guarantee.save(to);
        ceiling.save(to);
    }

    void restore(StateReader from) {
        int share = from.number(EVEN, ShareOf.WHOLE);
        if (share != EVEN) {
            share(share, 0);
        }
        guarantee.restore(from);
        ceiling.restore(from);
    }

    /** Of nothing nothing, and else something: no share at all would be no limit at all. */
    private static long part(long whole, int share) {
        return whole == 0 ? 0 : Math.max(1, whole * share / ShareOf.WHOLE);
    }
}
