package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of clients and connections that have a ceiling each. One that is full, and that nothing waits for, is as good as none:
 * for each that is new a few of the others are looked at, in turns, and such ones are given up and used again. So there are
 * about as many as clients that sent within the time that a bucket takes to fill, a burst by a rate, and a third more; all are gone
 * through at a reload alone. Where there would be more than so many, those that come new share one for their service,
 * until there is room again: they are held back more than they should be, and never less.
 */
final class EachBuckets {
    /** The address of who shares: none, since IPv4 addresses have no first half, and no IPv6 address begins so. */
    static final long SHARED = -1;

    /** How many are looked at for one that is new. */
    private static final int LOOKS = 4;

    private final int most;
    private final FlowHash hash;

    /** All of them, in the order in which they are looked at: it is not the table's, which is another in each process. */
    private final TurnRing<EachBucket> looks = new TurnRing<>();

    private final ChainedTable<EachBucket> table = new ChainedTable<>();

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
        if (found == null) {
            lookForRoom(nowNs, inUse);
            EachBucket shared = find(kind, SHARED, SHARED);
            if (table.size() >= most) {
                return shared == null ? add(kind, SHARED, SHARED, limit, nowNs) : shared;
            }
            found = add(kind, high, low, limit, nowNs);
            if (shared != null && !shared.bucket.isFull(nowNs)) {
                // It may be one of those who have used that, and would have a burst twice.
                found.bucket.empty();
            }
        }
        return found;
    }

    static boolean isShared(@Nullable EachBucket one) {
        return one != null && one.high == SHARED && one.low == SHARED;
    }

    /** The bucket of a client or connection, or null. */
    @Nullable
    EachBucket find(int kind, long high, long low) {
        EachBucket one = table.first(hash.of(high, low, kind));
        while (one != null && !one.is(kind, high, low)) {
            one = one.chained();
        }
        return one;
    }

    private EachBucket add(int kind, long high, long low, RateLimit limit, long nowNs) {
        EachBucket one = table.used();
        if (one == null) {
            one = new EachBucket();
        } else {
            one.bucket.set(0, 1, nowNs);
        }
        one.begin(kind, high, low, hash.of(high, low, kind));
        one.bucket.set(limit.bitsPerSecond(), limit.burstBytes(), nowNs);
        table.add(one);
        looks.add(one);
        return one;
    }

    @SuppressWarnings("ReferenceEquality") // the very one that is in use
    private void lookForRoom(long nowNs, @Nullable EachBucket inUse) {
        for (int left = Math.min(LOOKS, table.size()); left > 0; left--) {
            EachBucket one = Objects.requireNonNull(looks.turn());
            if (one == inUse || !giveUp(one, nowNs)) {
                looks.turn(one.following());
            }
        }
    }

    private boolean giveUp(EachBucket one, long nowNs) {
        if (one.held != 0 || !one.bucket.isFull(nowNs)) {
            return false;
        }
        table.remove(one);
        looks.remove(one);
        return true;
    }

    /** Takes over limits by kind; what has none any more holds nobody. */
    void apply(IntFunction<RateLimit> limits, long nowNs) {
        for (EachBucket one : looks.inOrder()) {
            RateLimit limit = limits.apply(one.kind);
            one.bucket.set(limit.bitsPerSecond(), limit.burstBytes(), nowNs);
        }
    }

    /** Gives up all that are as good as none. */
    void tidy(long nowNs) {
        looks.inOrder().forEach(one -> giveUp(one, nowNs));
    }

    /** Writes all of them in the order in which they will be looked at. */
    void save(StateWriter to) {
        to.number(table.size());
        for (EachBucket one : looks.inOrder()) {
            to.number(one.kind);
            to.number(one.high);
            to.number(one.low);
            one.bucket.save(to);
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
    }
}
