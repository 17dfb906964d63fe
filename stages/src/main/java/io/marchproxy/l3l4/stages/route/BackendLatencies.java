package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;

/**
 * By backend number: how long it takes to answer, from probes and live connects alike, and how much of what probes sent was
 * lost. The pipeline's thread.
 */
final class BackendLatencies {
    private static final int PPM = 1_000_000;

    /** Of a backend that loses nearly all the estimate is multiplied by no more than this. */
    private static final double MOST_TRIES = 100;

    private double[] estimateNs = {};
    private long[] sampledNs = {};
    private int[] lossPpm = {};

    /** Makes room for so many backends, of which nothing is known. */
    void grow(int length) {
        estimateNs = Arrays.copyOf(estimateNs, length);
        sampledNs = Arrays.copyOf(sampledNs, length);
        lossPpm = Arrays.copyOf(lossPpm, length);
    }

    void forget(int backend) {
        estimateNs[backend] = 0;
        sampledNs[backend] = 0;
        lossPpm[backend] = 0;
    }

    /** Takes in a probe's result; a round trip of 0 or less is none. */
    void measured(int backend, long rttNs, long loss, long nowNs) {
        lossPpm[backend] = Math.clamp(loss, 0, PPM);
        sample(backend, rttNs, nowNs);
    }

    /** Takes in how long a connect took. */
    void connected(int backend, long connectNs, long nowNs) {
        sample(backend, connectNs, nowNs);
    }

    private void sample(int backend, long ns, long nowNs) {
        if (ns > 0) {
            long sinceNs = Math.max(nowNs - sampledNs[backend], 0);
            estimateNs[backend] = PeakEwma.after(estimateNs[backend], (double) ns, sinceNs);
            sampledNs[backend] = nowNs;
        }
    }

    /** Loss as the last probe told it, in parts per million. */
    int lossPpm(int backend) {
        return lossPpm[backend];
    }

    /**
     * What an exchange is to be expected to take: the latency, as often as something has to be sent until it arrives, which at a
     * loss of p is 1 / (1 − p) times on average; 0 when nothing is known.
     */
    double expectedNs(int backend) {
        double arrives = 1 - (double) lossPpm[backend] / PPM;
        return estimateNs[backend] * Math.min(1 / arrives, MOST_TRIES);
    }

    void save(int backend, StateWriter to) {
        to.number(Double.doubleToLongBits(estimateNs[backend]));
        to.number(sampledNs[backend]);
        to.number(lossPpm[backend]);
    }

    void restore(int backend, StateReader from) {
        estimateNs[backend] = latency(from.number());
        sampledNs[backend] = from.number();
        lossPpm[backend] = from.number(0, PPM);
    }

    private static double latency(long bits) {
        double value = Double.longBitsToDouble(bits);
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalStateException(value + " is no latency");
        }
        return value;
    }
}
