package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.shape.Color;
import io.marchproxy.l3l4.stages.shape.SingleRateMeter;
import io.marchproxy.l3l4.stages.shape.TokenBucket;
import io.marchproxy.l3l4.stages.shape.TwoRateMeter;

/** Token buckets and the meters on top of them, at 10 Gbit/s and just so many frames that all conform. */
public final class TokenBucketRig {
    private static final long RATE = 10_000_000_000L;
    private static final int BURST = 1 << 20;
    private static final int FRAME_BYTES = 1_000;

    /** What a frame takes at the rate, and a little more. */
    private static final long FRAME_NS = 801;

    private final TokenBucket bucket = new TokenBucket();
    private final TokenBucket unlimited = new TokenBucket();
    private final TokenBucket tight = new TokenBucket();
    private final SingleRateMeter singleRate = new SingleRateMeter(RATE, BURST, BURST, 0);
    private final TwoRateMeter twoRate = new TwoRateMeter(2 * RATE, BURST, RATE, BURST, 0);
    private long nowNs;

    /** Buckets that are full. */
    public TokenBucketRig() {
        bucket.set(RATE, BURST, 0);
        tight.set(RATE, FRAME_BYTES, 0);
    }

    /** A packet is let pass and pays. */
    public int take() {
        return take(bucket);
    }

    /** The same where there is no limit: the baseline. */
    public int takeUnlimited() {
        return take(unlimited);
    }

    private int take(TokenBucket from) {
        int passed = 0;
        for (int i = 0; i < Workload.BATCH; i++) {
            nowNs += FRAME_NS;
            if (from.admits(FRAME_BYTES, nowNs)) {
                from.take(FRAME_BYTES);
                passed++;
            }
        }
        return passed;
    }

    /** A packet has to wait, is told for how long, by a division, and then passes. */
    public int waitFor() {
        int waited = 0;
        for (int i = 0; i < Workload.BATCH; i++) {
            tight.take(FRAME_BYTES);
            if (!tight.opens(FRAME_BYTES, nowNs)) {
                nowNs = tight.opensNs(nowNs);
                waited += tight.opens(FRAME_BYTES, nowNs) ? 1 : 0;
            }
        }
        return waited;
    }

    /** RFC 2697, color-blind. */
    public int singleRate() {
        int green = 0;
        for (int i = 0; i < Workload.BATCH; i++) {
            nowNs += FRAME_NS;
            green += singleRate.mark(FRAME_BYTES, nowNs) == Color.GREEN ? 1 : 0;
        }
        return green;
    }

    /** RFC 2698, color-blind. */
    public int twoRate() {
        int green = 0;
        for (int i = 0; i < Workload.BATCH; i++) {
            nowNs += FRAME_NS;
            green += twoRate.mark(FRAME_BYTES, nowNs) == Color.GREEN ? 1 : 0;
        }
        return green;
    }
}
