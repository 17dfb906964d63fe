package io.marchproxy.l3l4.stages.shape;

/**
 * What the shape stage knows of a class; each direction has it for itself.
 *
 * @param queuePackets how many datagrams it may hold
 * @param ceiling of all its packets
 */
public record ClassLimits(int queuePackets, RateLimit ceiling) {
    public ClassLimits {
        if (queuePackets < 0) {
            throw new IllegalArgumentException("a class holds " + queuePackets + " packets");
        }
    }
}
