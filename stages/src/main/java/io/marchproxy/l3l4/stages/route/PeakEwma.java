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

    /** After so long without a sample half of an estimate is left: tau · ln 2. */
    static final long HALF_LIFE_NS = 693_147_180;

    /** So many halvings leave nothing of any latency. */
    private static final long MOST_HALVINGS = 60;

    /** After which nothing is left: some 42 s. */
    static final long FADES_NS = MOST_HALVINGS * HALF_LIFE_NS;

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

    /**
     * What is left of an estimate that nothing has renewed: it fades to nothing, so that a backend that was slow once is tried again. As
     * Finagle does, which takes a sample of 0 into the average whenever it reads one; here by halving, with straight lines between,
     * since every new flow may ask.
     *
     * @param ageNs for how long there should have been a sample and was none; 0 or less for not at all
     */
    static double faded(double estimateNs, long ageNs) {
        if (ageNs <= 0) {
            return estimateNs;
        }
        long halvings = Math.min(ageNs / HALF_LIFE_NS, MOST_HALVINGS);
        double part = Math.min((double) (ageNs - halvings * HALF_LIFE_NS) / HALF_LIFE_NS, 1);
        return Math.scalb(estimateNs * (1 - part / 2), (int) -halvings);
    }
}
