package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.Mix;

/**
 * A backend, or a gateway, as one of those that a service may choose from.
 *
 * @param number engine-wide, kept over reloads
 * @param identity says which it is on every start and on every proxy: a hash of its name and address
 * @param enabled false: it gets no new flows, and keeps those that it has until they end
 * @param weight its share of the traffic, for algorithms that weigh; 0 for none
 * @param bandwidthBitsPerSecond of the path to it; 0 for not known
 * @param priority its tier: a lower number goes first
 * @param maxConnections flows at the most, over all shards, which learn their shares by ROOM events; 0 for no limit
 * @param costPerGb of 10^9 bytes that leave it
 * @param distanceKm from the proxy; infinite when it is not known
 */
public record PoolMember(
        int number,
        long identity,
        boolean enabled,
        double weight,
        long bandwidthBitsPerSecond,
        int priority,
        int maxConnections,
        double costPerGb,
        double distanceKm) {
    /** Farther than anything on earth: not known. */
    public static final double UNKNOWN_KM = 1e6;

    public PoolMember {
        if (number < 0 || maxConnections < 0 || bandwidthBitsPerSecond < 0) {
            throw new IllegalArgumentException("backend " + number + " has a negative number, cap or bandwidth");
        }
        if (!isAtLeastZero(weight) || !isAtLeastZero(costPerGb) || !isAtLeastZero(distanceKm)) {
            throw new IllegalArgumentException("backend " + number + ": weight " + weight + ", cost " + costPerGb
                    + " and distance " + distanceKm + " are numbers of 0 or more");
        }
    }

    /** A backend like all others. */
    public PoolMember(int number) {
        this(number, Mix.spread(number), true, 1, 0, 1, 0, 0, UNKNOWN_KM);
    }

    private static boolean isAtLeastZero(double value) {
        return value >= 0 && value < Double.POSITIVE_INFINITY;
    }
}
