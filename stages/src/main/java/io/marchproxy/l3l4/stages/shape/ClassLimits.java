package io.marchproxy.l3l4.stages.shape;

/**
 * What the shape stage knows of a class; each direction has it for itself.
 *
 * @param queuePackets how many datagrams it may hold
 * @param guarantee that all its packets together have in any case
 * @param ceiling that all its packets together never exceed
 * @param weight its part, from 1 to 1,000, of what P1 to P3 have besides their guarantees; of no meaning for P0
 */
public record ClassLimits(int queuePackets, RateLimit guarantee, RateLimit ceiling, int weight) {
    private static final int MOST_WEIGHT = 1_000;

    public ClassLimits {
        if (queuePackets < 0) {
            throw new IllegalArgumentException("a class holds " + queuePackets + " packets");
        }
        if (weight < 1 || weight > MOST_WEIGHT) {
            throw new IllegalArgumentException("a weight of " + weight + " is outside 1 to " + MOST_WEIGHT);
        }
    }

    /** Without a guarantee, and of weight 1. */
    public ClassLimits(int queuePackets, RateLimit ceiling) {
        this(queuePackets, RateLimit.NONE, ceiling, 1);
    }
}
