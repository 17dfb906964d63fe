package io.marchproxy.l3l4.engine.quota;

/**
 * Shares a cap out among shards by demand. Shares never add up to more than the cap, and while there is room no shard
 * is without some of it.
 *
 * <p>Each shard keeps what it uses. What is free is shared out by demand (what each was refused or gained since the last
 * time) and, for the part that nobody asks for, evenly, so that a burst on any shard finds room before the next turn.
 * Lowering comes before raising: shares are raised only by what has been given back for certain.
 */
public final class QuotaShares {
    private QuotaShares() {}

    /**
     * The shares that shards should have.
     *
     * @param cap of the whole service, 0 or more
     * @param used by each shard now
     * @param demand of each shard since the last time, in the same unit; 0 for none
     * @return one share for each shard, at least what it uses, adding up to the cap unless more than that is used already
     */
    public static int[] wanted(int cap, int[] used, long[] demand) {
        int shards = used.length;
        long allUsed = 0;
        long allDemand = 0;
        for (int i = 0; i < shards; i++) {
            allUsed += used[i];
            allDemand += demand[i];
        }
        long free = Math.max(0, cap - allUsed);
        long byDemand = Math.min(free, allDemand);
        long evenly = free - byDemand;
        int[] shares = new int[shards];
        long given = 0;
        for (int i = 0; i < shards; i++) {
            long share = evenly / shards;
            if (allDemand > 0) {
                share += byDemand * demand[i] / allDemand;
            }
            shares[i] = (int) Math.min(Integer.MAX_VALUE, used[i] + share);
            given += share;
        }
        for (int i = 0; given < free; i = (i + 1) % shards) {
            shares[i]++;
            given++;
        }
        return shares;
    }

    /**
     * The part of a wanted change that may take effect first: every share that goes down, goes down; none goes up.
     *
     * @param now shares in force
     */
    public static int[] lowered(int[] now, int[] wanted) {
        int[] lowered = now.clone();
        for (int i = 0; i < now.length; i++) {
            lowered[i] = Math.min(now[i], wanted[i]);
        }
        return lowered;
    }

    /**
     * The wanted shares, cut so that with what is in force for certain they don't exceed the cap.
     *
     * @param effective for each shard the larger of its lowered share and what it turned out to use
     */
    public static int[] raised(int cap, int[] effective, int[] wanted) {
        int[] raised = effective.clone();
        long room = cap;
        for (int share : effective) {
            room -= share;
        }
        for (int i = 0; i < effective.length && room > 0; i++) {
            int more = (int) Math.clamp((long) wanted[i] - effective[i], 0, room);
            raised[i] += more;
            room -= more;
        }
        return raised;
    }
}
