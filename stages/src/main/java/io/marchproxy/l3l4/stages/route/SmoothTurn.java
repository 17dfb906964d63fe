package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Weighted turns without bunching: of weights 5, 1, 1 come a a b a c a a, and not a a a a a b c. Each time, every backend gains its
 * weight, and the one that then has most is taken and loses the sum of all weights.
 *
 * <p>Source: nginx, commit 52327e0627f49dbda1e8db695e63a4b0af4448b1 ("Upstream: smooth weighted round-robin balancing", 2012).
 * Whole numbers, so that nothing drifts; in three passes over plain arrays, which the JIT turns into vector code.
 */
final class SmoothTurn {
    /** Weights are scaled so that the heaviest has so much, or less when there are too many for sums of 32 bits. */
    private static final int HEAVIEST = 1_000_000;

    private final int[] weights;
    private final int[] current;
    private int total;

    SmoothTurn(int size) {
        weights = new int[size];
        current = new int[size];
    }

    /** Sets who has turns. Those who go on keep what they have gained; those who come begin with nothing. */
    void refresh(Candidates candidates, boolean[] among) {
        double heaviest = 0;
        for (int i = 0; i < weights.length; i++) {
            heaviest = among[i] ? Math.max(heaviest, candidates.member(i).weight()) : heaviest;
        }
        int scale = Math.min(HEAVIEST, (Integer.MAX_VALUE >> 2) / Math.max(weights.length, 1));
        total = 0;
        for (int i = 0; i < weights.length; i++) {
            int before = weights[i];
            weights[i] = among[i] ? scaled(candidates.member(i).weight(), heaviest, scale) : 0;
            total += weights[i];
            if (weights[i] == 0) {
                current[i] = Integer.MIN_VALUE;
            } else if (before == 0) {
                current[i] = 0;
            }
        }
    }

    /** A weight of 0 has no turns, unless there are no others. */
    private static int scaled(double weight, double heaviest, int scale) {
        if (heaviest <= 0) {
            return scale;
        }
        return weight <= 0 ? 0 : (int) Math.max(Math.round(weight / heaviest * scale), 1);
    }

    /** Whose turn it is. */
    int next() {
        int[] gained = current;
        int[] gains = weights;
        int most = Integer.MIN_VALUE;
        for (int i = 0; i < gained.length; i++) {
            gained[i] += gains[i];
        }
        for (int i = 0; i < gained.length; i++) {
            most = Math.max(most, gained[i]);
        }
        int next = 0;
        while (gained[next] != most) {
            next++;
        }
        gained[next] -= total;
        return next;
    }

    /** Whose turn it is among some, the others losing theirs; −1 when none of these has turns. */
    int nextAmong(boolean[] some) {
        int sum = 0;
        int next = -1;
        for (int i = 0; i < weights.length; i++) {
            if (some[i] && weights[i] != 0) {
                current[i] += weights[i];
                sum += weights[i];
                next = next < 0 || current[i] > current[next] ? i : next;
            }
        }
        if (next >= 0) {
            current[next] -= sum;
        }
        return next;
    }

    /** How many gains it is behind the one whose turn comes next: the lower, the sooner. */
    double behind(int position) {
        return -((double) current[position] + weights[position]);
    }

    void save(StateWriter to) {
        for (int i = 0; i < weights.length; i++) {
            to.number(weights[i]);
            to.number(current[i]);
        }
    }

    void restore(StateReader from) {
        total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = from.number(0, HEAVIEST);
            current[i] = from.number(Integer.MIN_VALUE, Integer.MAX_VALUE);
            total += weights[i];
        }
    }
}
