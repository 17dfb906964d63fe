package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of clients and connections that have a ceiling each. One that is full, and that nothing waits for, is as good as none:
 * such are taken out whenever there are twice as many as were left the last time. So there are about as many as clients that
 * sent within the time that a bucket takes to fill, a burst by a rate. Where there would be more than so many, those that come
 * new share one for their service, until there is room again: they are held back more than they should be, and never less.
 */
final class EachBuckets {
    private static final int FIRST_PLACES = 64;

    /** While there are as many as there may be, one look through all of them for so many that found no room. */
    private static final int REFUSED_PER_SWEEP = 4;

    /** The address of who shares: none, since IPv4 addresses have no first half, and no IPv6 address begins so. */
    private static final long SHARED = -1;

    private final int most;
    private final FlowHash hash;
    private @Nullable EachBucket[] places = new @Nullable EachBucket[FIRST_PLACES];
    private int size;
    private int sweepAt = FIRST_PLACES;

    /** How often somebody was sent to the shared one since the last look for room. */
    private int refused;

    EachBuckets(int most, FlowHash hash) {
        this.most = most;
        this.hash = hash;
    }

    /**
     * The bucket of a client or connection, made with a limit if there is none.
     *
     * @param inUse one that was asked for, and that nothing waits for yet: it is kept
     */
    EachBucket get(int kind, long high, long low, RateLimit limit, long nowNs, @Nullable EachBucket inUse) {
        EachBucket found = find(kind, high, low);
        if (found == null && size >= sweepAt && (size < most || ++refused > most / REFUSED_PER_SWEEP)) {
            sweep(nowNs, inUse);
        }
        if (found == null && size >= most) {
            return shared(kind, limit, nowNs);
        }
        return found == null ? add(kind, high, low, limit, nowNs) : found;
    }

    /** The bucket of those that came when there was no room. */
    EachBucket shared(int kind, RateLimit limit, long nowNs) {
        EachBucket found = find(kind, SHARED, SHARED);
        return found == null ? add(kind, SHARED, SHARED, limit, nowNs) : found;
    }

    static boolean isShared(@Nullable EachBucket one) {
        return one != null && one.high == SHARED && one.low == SHARED;
    }

    private @Nullable EachBucket find(int kind, long high, long low) {
        EachBucket one = places[place(kind, high, low)];
        while (one != null && (one.low != low || one.high != high || one.kind != kind)) {
            one = one.chained;
        }
        return one;
    }

    private EachBucket add(int kind, long high, long low, RateLimit limit, long nowNs) {
        if (size == places.length) {
            grow();
        }
        EachBucket one = new EachBucket(kind, high, low);
        one.bucket.set(limit.bitsPerSecond(), limit.burstBytes(), nowNs);
        chain(one);
        size++;
        return one;
    }

    /** Takes over limits by kind; what has none any more holds nobody. */
    void apply(IntFunction<RateLimit> limits, long nowNs) {
        for (EachBucket first : places) {
            for (EachBucket one = first; one != null; one = one.chained) {
                RateLimit limit = limits.apply(one.kind);
                one.bucket.set(limit.bitsPerSecond(), limit.burstBytes(), nowNs);
            }
        }
        sweep(nowNs, null);
    }

    private void sweep(long nowNs, @Nullable EachBucket inUse) {
        size = 0;
        for (int i = 0; i < places.length; i++) {
            EachBucket one = places[i];
            EachBucket kept = null;
            while (one != null) {
                EachBucket following = one.chained;
                if (one.held != 0 || one == inUse || !one.bucket.isFull(nowNs)) {
                    one.chained = kept;
                    kept = one;
                    size++;
                }
                one = following;
            }
            places[i] = kept;
        }
        refused = 0;
        sweepAt = Math.min(most, Math.max(FIRST_PLACES, 2 * size));
    }

    private void chain(EachBucket one) {
        int place = place(one.kind, one.high, one.low);
        one.chained = places[place];
        places[place] = one;
    }

    private int place(int kind, long high, long low) {
        return hash.of(high, low, kind) & (places.length - 1);
    }

    private void grow() {
        @Nullable EachBucket[] before = places;
        places = new @Nullable EachBucket[2 * before.length];
        for (EachBucket first : before) {
            for (EachBucket one = first; one != null; ) {
                EachBucket following = one.chained;
                chain(one);
                one = following;
            }
        }
    }

    /** Writes those that are not full, and takes out the others, so that who takes over has as many. */
    void save(long nowNs, StateWriter to) {
        sweep(nowNs, null);
        to.number(size);
        for (EachBucket first : places) {
            for (EachBucket one = first; one != null; one = one.chained) {
                to.number(one.kind);
                to.number(one.high);
                to.number(one.low);
                one.bucket.save(to);
            }
        }
    }

    /** Takes over what was saved, with limits by kind. */
    void restore(IntFunction<RateLimit> limits, StateReader from) {
        for (int left = from.number(0, Integer.MAX_VALUE); left > 0; left--) {
            int kind = from.number(0, Integer.MAX_VALUE);
            add(kind, from.number(), from.number(), limits.apply(kind), 0)
                    .bucket
                    .restore(from);
        }
        refused = 0;
        sweepAt = Math.min(most, Math.max(FIRST_PLACES, 2 * size));
    }
}
