package io.marchproxy.l3l4.stages.route;

/**
 * How a destination would be routed at a moment.
 *
 * @param ipVersion 4 or 6
 * @param longest the longest prefix that has it
 * @param used the one whose gateways are chosen from: the longest, unless none of its gateways may be used
 * @param gateways those that share it
 */
public record RouteView(int ipVersion, Match longest, Match used, PoolView gateways) {
    /** A prefix, its address from the first bit on, IPv4 in the first 32. */
    public record Match(long high, long low, int length) {}
}
