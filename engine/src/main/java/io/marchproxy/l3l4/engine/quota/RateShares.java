package io.marchproxy.l3l4.engine.quota;

import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.Arrays;

/**
 * Shares a rate out among shards by what each has to send. Shares never add up to more than the whole, and no shard is without some of
 * it, so that its first packet need not wait for the next turn.
 */
final class RateShares {
    /** What every shard has in any case: a 512th, or a quarter of its even part where there are many. */
    private static final int LEAST = ShareOf.WHOLE / 512;

    /** A change that is smaller than a two hundredth of the whole is left for later. */
    private static final int WORTH_TELLING = ShareOf.WHOLE / 200;

    private RateShares() {}

    /** An even part for each. */
    static int[] even(int shards) {
        int[] shares = new int[shards];
        Arrays.fill(shares, ShareOf.WHOLE / shards);
        return shares;
    }

    /**
     * The shares that shards should have.
     *
     * @param demand of each, in any unit; all 0 for shares as they are
     * @param promised the part of the whole that each needs for the guarantees within it, from 0 to 1; together at the most 1
     */
    static int[] wanted(int[] now, double[] demand, double[] promised) {
        double sum = 0;
        double allPromised = 0;
        for (int i = 0; i < now.length; i++) {
            sum += demand[i];
            allPromised += promised[i];
        }
        if (sum <= 0) {
            return now;
        }
        int least = Math.min(LEAST, ShareOf.WHOLE / (4 * now.length));
        int free = ShareOf.WHOLE - least * now.length;
        int[] wanted = new int[now.length];
        boolean differs = false;
        for (int i = 0; i < now.length; i++) {
            double part = promised[i] + (1 - Math.min(1, allPromised)) * demand[i] / sum;
            wanted[i] = least + (int) (free * Math.min(1, part / Math.max(1, allPromised)));
            differs |= Math.abs(wanted[i] - now[i]) > WORTH_TELLING;
        }
        return differs ? wanted : now;
    }
}
