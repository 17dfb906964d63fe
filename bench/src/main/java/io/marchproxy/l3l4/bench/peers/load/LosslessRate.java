package io.marchproxy.l3l4.bench.peers.load;

import java.io.IOException;

/**
 * The highest rate that passes without loss, as RFC 2544 (26.1) means throughput, by halving the range of the logarithm. A
 * datagram in a thousand may be lost: on a machine that a hypervisor stops now and then, none is too few.
 */
final class LosslessRate {
    private static final double LEAST = 20_000;
    private static final double MOST = 2_560_000;

    /** Narrows a factor of 128 down to 1.04. */
    private static final int TRIALS = 7;

    private static final double MAY_BE_LOST = 0.001;

    private LosslessRate() {}

    /** One trial at a rate: the share that is lost, from 0 to 1. */
    interface Trial {
        double lost(double perSecond) throws IOException, InterruptedException;
    }

    /** Datagrams a second, or 0 if even the lowest rate loses some. */
    static double find(Trial trial) throws IOException, InterruptedException {
        double passes = LEAST;
        double fails = MOST;
        boolean any = false;
        for (int i = 0; i < TRIALS; i++) {
            double rate = Math.sqrt(passes * fails);
            if (trial.lost(rate) <= MAY_BE_LOST) {
                passes = rate;
                any = true;
            } else {
                fails = rate;
            }
        }
        return any ? passes : 0;
    }

    /**
     * A trial by a flood. A generator that can't send at the rate has not shown that it passes: what it did not send counts as
     * lost.
     */
    static Trial of(Flood flood, double seconds) {
        return perSecond -> {
            Flood.Trial trial = flood.run(seconds, perSecond);
            return 1
                    - Math.min(
                            1, trial.arrived() / Math.max((double) trial.sent(), perSecond * trial.seconds() * 0.98));
        };
    }
}
