package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Backends that are out for being too slow, and when each is tried again: by one flow, a second after it went out, and then after twice as
 * long each time, up to {@value #LONGEST_WAIT_S} s. Nobody but a flow can find out where nothing probes; sent there all at once, as the
 * estimate fades, flows would each time be late by as much as it takes to notice. One that goes out again sooner than it had waited
 * waits as long as before, and twice that: the rule of {@code HoldDown} for health.
 *
 * <p>Source of the waits: truncated binary exponential backoff, Metcalfe and Boggs, "Ethernet", CACM 19(7), 1976. The pipeline's thread.
 */
final class Trials {
    static final int LONGEST_WAIT_S = 32;
    private static final long FIRST_WAIT_NS = 1_000_000_000;
    private static final long LONGEST_WAIT_NS = LONGEST_WAIT_S * FIRST_WAIT_NS;

    /** By position. */
    private final boolean[] isOut;

    /** How long the next trial is waited for; 0 for one that never was out. */
    private final long[] waitNs;

    /** Of those that are out: when to try them. */
    private final long[] dueNs;

    /** Of those that were out: when they came back. */
    private final long[] backNs;

    Trials(int size) {
        isOut = new boolean[size];
        waitNs = new long[size];
        dueNs = new long[size];
        backNs = new long[size];
    }

    boolean isOut(int position) {
        return isOut[position];
    }

    /** Takes in whether it is too slow. */
    void out(int position, boolean is, long nowNs) {
        if (is && !isOut[position]) {
            boolean isSoon = nowNs - backNs[position] < waitNs[position];
            waitNs[position] = isSoon ? Math.max(waitNs[position], FIRST_WAIT_NS) : FIRST_WAIT_NS;
            dueNs[position] = nowNs + waitNs[position];
        } else if (!is && isOut[position]) {
            backNs[position] = nowNs;
        }
        isOut[position] = is;
    }

    /** When one that is out may be tried. */
    long dueNs(int position) {
        return dueNs[position];
    }

    /** A flow tries it. */
    void begins(int position, long nowNs) {
        waitNs[position] = Math.min(2 * waitNs[position], LONGEST_WAIT_NS);
        dueNs[position] = nowNs + waitNs[position];
    }

    /** Takes over what is known of a backend under settings before. */
    void goOn(int position, Trials before, int positionBefore) {
        isOut[position] = before.isOut[positionBefore];
        waitNs[position] = before.waitNs[positionBefore];
        dueNs[position] = before.dueNs[positionBefore];
        backNs[position] = before.backNs[positionBefore];
    }

    void save(StateWriter to) {
        for (int i = 0; i < isOut.length; i++) {
            to.number(isOut[i] ? 1 : 0);
            to.number(waitNs[i]);
            to.number(dueNs[i]);
            to.number(backNs[i]);
        }
    }

    void restore(StateReader from) {
        for (int i = 0; i < isOut.length; i++) {
            isOut[i] = from.number(0, 1) == 1;
            waitNs[i] = Math.clamp(from.number(), 0, LONGEST_WAIT_NS);
            dueNs[i] = from.number();
            backNs[i] = from.number();
        }
    }
}
