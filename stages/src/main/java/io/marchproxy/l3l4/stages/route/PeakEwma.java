package io.marchproxy.l3l4.stages.route;

/**
 * An estimate of latency that follows a rise at once and a fall slowly: a backend that gets slower loses its traffic with the
 * first sample that says so, and has to prove itself for a while before it is believed to be fast again. Samples that come at
 * uneven times weigh as the time between them says: after tau, an old estimate counts for 1/e.
 *
 * <p>Source: Finagle's {@code PeakEwma} (Twitter, 2014), after Spotify's expected latency selector. {@link StrictMath}, since a
 * replay on another machine must come to the same bits.
 */
final class PeakEwma {
    /** Finagle takes 10 s; a swap of two backends is to be over within one. */
    static final double TAU_NS = 1e9;

    private PeakEwma() {}

    /**
     * The estimate after a sample.
     *
     * @param estimateNs until now; 0 or less when there was none
     * @param sampleNs more than 0
     * @param sinceNs time since the sample before, 0 or more
     */
    static double after(double estimateNs, double sampleNs, long sinceNs) {
        if (sampleNs >= estimateNs) {
            return sampleNs;
        }
        double old = StrictMath.exp(-(double) sinceNs / TAU_NS);
        return estimateNs * old + sampleNs * (1 - old);
    }
}
