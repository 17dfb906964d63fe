package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;

/**
 * By backend number: how long it takes to answer, from probes and live connects alike, and how much of what probes sent was
 * lost. An estimate that nothing renews fades ({@link PeakEwma#faded}): where no probe tells that a backend is slow still, nobody but
 * a flow can find out. The pipeline's thread.
 */
final class BackendLatencies {
    private static final int PPM = 1_000_000;

    /** Of a backend that loses nearly all the estimate is multiplied by no more than this. */
    private static final double MOST_TRIES = 100;

    /** For so long an estimate holds that no probe renews: connects may come in bursts. */
    private static final long HOLDS_NS = 500_000_000;

    /** And so many times as long as probes' results were apart, where there are any. */
    private static final int HOLDS_PROBES = 3;

    /** After a first probe nobody knows yet how far they will be apart. */
    private static final long FIRST_GAP_NS = 10_000_000_000L;

    /** Probes are at the most an hour apart, as their settings allow; a pause of a machine may be longer. */
    private static final long LONGEST_GAP_NS = 4_000_000_000_000L;

    private double[] estimateNs = {};
    private long[] sampledNs = {};

    /** When the latest probe ended, whether it was answered or not, and for how long after the one before; 0 when there was none. */
    private long[] probedNs = {};

    private long[] probeGapNs = {};
    private int[] lossPpm = {};

    /** Makes room for so many backends, of which nothing is known. */
    void grow(int length) {
        estimateNs = Arrays.copyOf(estimateNs, length);
        sampledNs = Arrays.copyOf(sampledNs, length);
        probedNs = Arrays.copyOf(probedNs, length);
        probeGapNs = Arrays.copyOf(probeGapNs, length);
        lossPpm = Arrays.copyOf(lossPpm, length);
    }

    void forget(int backend) {
        estimateNs[backend] = 0;
        sampledNs[backend] = 0;
        probedNs[backend] = 0;
        probeGapNs[backend] = 0;
        lossPpm[backend] = 0;
    }

    /** Takes in a probe's result; a round trip of 0 or less is none. */
    void measured(int backend, long rttNs, long loss, long nowNs) {
        lossPpm[backend] = Math.clamp(loss, 0, PPM);
        probeGapNs[backend] =
                probeGapNs[backend] == 0 ? FIRST_GAP_NS : Math.clamp(nowNs - probedNs[backend], 1, LONGEST_GAP_NS);
        probedNs[backend] = nowNs;
        sample(backend, rttNs, nowNs);
    }

    /** Takes in how long a connect took. */
    void connected(int backend, long connectNs, long nowNs) {
        sample(backend, connectNs, nowNs);
    }

    private void sample(int backend, long ns, long nowNs) {
        if (ns > 0) {
            long sinceNs = Math.max(nowNs - sampledNs[backend], 0);
            boolean isPeak = ns >= estimate(backend, nowNs);
            estimateNs[backend] = isPeak ? ns : PeakEwma.after(estimateNs[backend], (double) ns, sinceNs);
            sampledNs[backend] = nowNs;
        }
    }

    /** Loss as the last probe told it, in parts per million. */
    int lossPpm(int backend) {
        return lossPpm[backend];
    }

    /** What is left of the estimate. A probe says that it holds even if it was not answered: that is told by loss, and by health. */
    private double estimate(int backend, long nowNs) {
        return PeakEwma.faded(estimateNs[backend], unrenewedNs(backend, nowNs));
    }

    /** For how long there should have been something that renews the estimate, and was not; 0 or less for not at all. */
    private long unrenewedNs(int backend, long nowNs) {
        long sampledAgoNs = nowNs - sampledNs[backend] - HOLDS_NS;
        long probedAgoNs = nowNs - probedNs[backend] - HOLDS_PROBES * probeGapNs[backend];
        boolean isProbed = probeGapNs[backend] > 0;
        return isProbed ? Math.min(sampledAgoNs, probedAgoNs) : sampledAgoNs;
    }

    /** Whether nothing renews the estimate at the moment. */
    boolean isFading(int backend, long nowNs) {
        return unrenewedNs(backend, nowNs) > 0;
    }

    /**
     * What an exchange is to be expected to take: the latency, as often as something has to be sent until it arrives, which at a
     * loss of p is 1 / (1 − p) times on average; 0 when nothing is known.
     */
    double expectedNs(int backend, long nowNs) {
        return estimate(backend, nowNs) * tries(backend);
    }

    /** The same by what was measured last, for as long as a fading estimate is anything at all; then 0. */
    double knownNs(int backend, long nowNs) {
        return unrenewedNs(backend, nowNs) < PeakEwma.FADES_NS ? estimateNs[backend] * tries(backend) : 0;
    }

    private double tries(int backend) {
        return Math.min(1 / (1 - (double) lossPpm[backend] / PPM), MOST_TRIES);
    }

    void save(int backend, StateWriter to) {
        to.number(Double.doubleToLongBits(estimateNs[backend]));
        to.number(sampledNs[backend]);
        to.number(probedNs[backend]);
        to.number(probeGapNs[backend]);
        to.number(lossPpm[backend]);
    }

    void restore(int backend, StateReader from) {
        estimateNs[backend] = latency(from.number());
        sampledNs[backend] = from.number();
        probedNs[backend] = from.number();
        probeGapNs[backend] = gap(from.number());
        lossPpm[backend] = from.number(0, PPM);
    }

    private static long gap(long ns) {
        if (ns < 0 || ns > LONGEST_GAP_NS) {
            throw new IllegalStateException("probes are not " + ns + " ns apart");
        }
        return ns;
    }

    private static double latency(long bits) {
        double value = Double.longBitsToDouble(bits);
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalStateException(value + " is no latency");
        }
        return value;
    }
}
