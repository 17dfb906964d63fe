package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Weighted turns without bunching: of weights 5, 1, 1 come a a b a c a a, and not a a a a a b c. Each time, every backend gains its
 * weight, and the one that then has most is taken and loses the sum of all weights.
 *
 * <p>Source: nginx, commit 52327e0627f49dbda1e8db695e63a4b0af4448b1 ("Upstream: smooth weighted round-robin balancing", 2012).
 * Whole numbers, so that nothing drifts; those who have turns stand side by side, and three passes go over them, two of which the JIT
 * turns into vector code.
 */
final class SmoothTurn {
    /** Weights are scaled so that the heaviest has so much, or less when there are too many for sums of 32 bits. */
    private static final int HEAVIEST = 1_000_000;

    /** By position: what each has gained; 0 for those without turns. */
    private final int[] kept;

    /** Of those who have turns, one after the other: position, what it gains each time, what it has. */
    private final int[] positions;

    private final int[] gains;
    private final int[] gained;
    private int count;
    private int total;

    SmoothTurn(int size) {
        kept = new int[size];
        positions = new int[size];
        gains = new int[size];
        gained = new int[size];
    }

    /** Sets who has turns. Those who go on keep what they have gained; those who come begin with nothing. */
    void refresh(Candidates candidates, boolean[] among) {
        for (int i = 0; i < count; i++) {
            kept[positions[i]] = gained[i];
        }
        double heaviest = 0;
        for (int i = 0; i < kept.length; i++) {
            heaviest = among[i] ? Math.max(heaviest, candidates.member(i).weight()) : heaviest;
        }
        int scale = Math.min(HEAVIEST, (Integer.MAX_VALUE >> 2) / Math.max(kept.length, 1));
        count = 0;
        total = 0;
        for (int i = 0; i < kept.length; i++) {
            int gain = among[i] ? scaled(candidates.member(i).weight(), heaviest, scale) : 0;
            if (gain == 0) {
                kept[i] = 0;
            } else {
                put(i, gain, kept[i]);
            }
        }
    }

    private void put(int position, int gain, int has) {
        positions[count] = position;
        gains[count] = gain;
        gained[count] = has;
        total += gain;
        count++;
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
        int[] has = gained;
        int[] gain = gains;
        int all = count;
        int most = Integer.MIN_VALUE;
        for (int i = 0; i < all; i++) {
            has[i] += gain[i];
        }
        for (int i = 0; i < all; i++) {
            most = Math.max(most, has[i]);
        }
        int next = 0;
        while (has[next] != most) {
            next++;
        }
        has[next] -= total;
        return positions[next];
    }

    /** Whose turn it is among some, the others losing theirs; −1 when none of these has turns. */
    int nextAmong(boolean[] some) {
        int sum = 0;
        int next = -1;
        for (int i = 0; i < count; i++) {
            if (some[positions[i]]) {
                gained[i] += gains[i];
                sum += gains[i];
                next = next < 0 || gained[i] > gained[next] ? i : next;
            }
        }
        if (next < 0) {
            return next;
        }
        gained[next] -= sum;
        return positions[next];
    }

    /** What it would have at the next turn, in parts of the heaviest one's weight, below nothing: the lower, the sooner its turn comes. NaN for those without turns. */
    double behind(int position) {
        for (int i = 0; i < count; i++) {
            if (positions[i] == position) {
                return -((double) gained[i] + gains[i]) / HEAVIEST;
            }
        }
        return Double.NaN;
    }

    void save(StateWriter to) {
        to.number(count);
        for (int i = 0; i < count; i++) {
            to.number(positions[i]);
            to.number(gains[i]);
            to.number(gained[i]);
        }
    }

    void restore(StateReader from) {
        int all = from.number(0, kept.length);
        count = 0;
        total = 0;
        for (int i = 0; i < all; i++) {
            put(
                    from.number(0, kept.length - 1),
                    from.number(1, HEAVIEST),
                    from.number(Integer.MIN_VALUE, Integer.MAX_VALUE));
        }
    }
}
