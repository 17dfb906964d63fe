package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** What a link, class or service is promised and held to in one direction: this shard's share of the whole. */
final class Limits {
    final TokenBucket guarantee = new TokenBucket();
    final TokenBucket ceiling = new TokenBucket();
    private RateLimit wholeGuarantee = RateLimit.NONE;
    private RateLimit wholeCeiling = RateLimit.NONE;
    private final Share share = new Share();

    /**
     * Takes over new limits of the whole.
     *
     * @param shards that share them evenly, until they are told otherwise; what this one was told holds on
     */
    void set(RateLimit newGuarantee, RateLimit newCeiling, int shards, long nowNs) {
        wholeGuarantee = newGuarantee;
        wholeCeiling = newCeiling;
        share.among(shards);
        guarantee.set(share.part(wholeGuarantee.bitsPerSecond()), share.part(wholeGuarantee.burstBytes()), nowNs);
        ceiling.set(share.part(wholeCeiling.bitsPerSecond()), share.part(wholeCeiling.burstBytes()), nowNs);
    }

    /** Takes over this shard's share, in {@link ShareOf#WHOLE}ths. */
    void share(int told, long nowNs) {
        share.tell(told);
        shareOut(nowNs);
    }

    private void shareOut(long nowNs) {
        guarantee.share(share.part(wholeGuarantee.bitsPerSecond()), share.part(wholeGuarantee.burstBytes()), nowNs);
        ceiling.share(share.part(wholeCeiling.bitsPerSecond()), share.part(wholeCeiling.burstBytes()), nowNs);
    }

    void save(StateWriter to) {
        share.save(to);
        guarantee.save(to);
        ceiling.save(to);
    }

    void restore(StateReader from) {
        share.restore(from);
        if (share.isTold()) {
            shareOut(0);
        }
        guarantee.restore(from);
        ceiling.restore(from);
    }
}
