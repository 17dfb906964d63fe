package io.marchproxy.l3l4.bench.qos;

/**
 * What one turn gave.
 *
 * @param key of the case: protocol and direction
 * @param mbits the rate; 0 without one
 * @param errorPercent of the long-run rate; the rate itself, in Mbit/s, without one
 * @param excessBytes of the worst window: what a burst would have had to be
 * @param burstBytes what was allowed
 */
record QosResult(
        String key, int mbits, Shaper shaper, int round, double errorPercent, double excessBytes, long burstBytes) {}
