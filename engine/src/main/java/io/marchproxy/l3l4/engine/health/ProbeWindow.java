package io.marchproxy.l3l4.engine.health;

import java.util.BitSet;

/** What the latest probes of a backend came to: loss over a sliding window, round trips and their jitter. */
final class ProbeWindow {
    private static final int SMOOTHING = 8;
    private static final int JITTER_SMOOTHING = 16;

    private final int capacity;
    private final BitSet lost;
    private int next;
    private int size;
    private long lastRttNs;
    private long smoothedRttNs;
    private long jitterNs;

    ProbeWindow(int capacity) {
        this.capacity = capacity;
        this.lost = new BitSet(capacity);
    }

    /** A probe was answered. */
    void answered(long rttNs) {
        add(false);
        if (lastRttNs == 0) {
            smoothedRttNs = rttNs;
        } else {
            // RFC 6298, 2.3, and RFC 3550, 6.4.1: moving averages with gains of an eighth and a sixteenth.
            smoothedRttNs += (rttNs - smoothedRttNs) / SMOOTHING;
            jitterNs += (Math.abs(rttNs - lastRttNs) - jitterNs) / JITTER_SMOOTHING;
        }
        lastRttNs = Math.max(1, rttNs);
    }

    /** A probe was not answered. */
    void failed() {
        add(true);
    }

    private void add(boolean isLost) {
        lost.set(next, isLost);
        next = next + 1 == capacity ? 0 : next + 1;
        size = Math.min(size + 1, capacity);
    }

    /** Forgets which were lost. */
    void restart() {
        lost.clear();
        next = 0;
        size = 0;
    }

    /** Whether it holds as many probes as it can. */
    boolean isFull() {
        return size == capacity;
    }

    /** Part of the window's probes that were lost, 0 to 1; 0 of none. */
    double loss() {
        return size == 0 ? 0 : (double) lost.cardinality() / size;
    }

    /** Round trip of the latest answer; 0 before the first. */
    long rttNs() {
        return lastRttNs;
    }

    /** Smoothed round trip; 0 before the first answer. */
    long smoothedRttNs() {
        return smoothedRttNs;
    }

    /** Smoothed difference of successive round trips. */
    long jitterNs() {
        return jitterNs;
    }

    /** Takes over the times of a window of another size. */
    void inherit(ProbeWindow former) {
        lastRttNs = former.lastRttNs;
        smoothedRttNs = former.smoothedRttNs;
        jitterNs = former.jitterNs;
    }
}
