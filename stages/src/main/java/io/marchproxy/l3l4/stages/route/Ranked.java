package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;

/**
 * Ranks the backends that may be used, and picks among the best: those that are so near to the best that the difference means
 * nothing. The list is drawn up when something changed, so that a flow costs the same whether there are two backends or a thousand.
 *
 * <p>Whose rank is not known counts as the best: it is tried, beside others, and known then.
 */
abstract class Ranked implements Algorithm {
    final Candidates candidates;
    private final boolean[] isBest;
    private final int[] best;
    private int count;

    Ranked(Candidates candidates) {
        this.candidates = candidates;
        this.isBest = new boolean[candidates.size()];
        this.best = new int[candidates.size()];
    }

    /** A backend's rank, the lower the better; NaN when it is not known. */
    abstract double rank(int position, long nowNs);

    /** What is taken for as good as the best. */
    double limit(double bestRank) {
        return bestRank;
    }

    /** Called before ranks are asked for. */
    void prepare(long nowNs) {}

    @Override
    public void refresh(long nowNs) {
        prepare(nowNs);
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < candidates.count(); i++) {
            double rank = rank(candidates.usable(i), nowNs);
            least = rank < least ? rank : least;
        }
        double limit = limit(least);
        Arrays.fill(isBest, false);
        count = 0;
        for (int i = 0; i < candidates.count(); i++) {
            int position = candidates.usable(i);
            double rank = rank(position, nowNs);
            if (!(rank > limit)) {
                isBest[position] = true;
                best[count++] = position;
            }
        }
    }

    /** The best of some, the less loaded of two that are as good; at least one of them may be used. */
    int bestAmong(boolean[] some, long nowNs) {
        int best = -1;
        double least = 0;
        for (int i = 0; i < some.length; i++) {
            if (some[i]) {
                double rank = rank(i, nowNs);
                boolean isBetter = best < 0 || rank < least || Double.isNaN(rank);
                if (isBetter || (rank == least && candidates.load(i) < candidates.load(best))) {
                    best = i;
                    least = rank;
                }
            }
        }
        return best;
    }

    /** How many are among the best. */
    int count() {
        return count;
    }

    /** The n-th of the best. */
    int best(int n) {
        return best[n];
    }

    @Override
    public int only() {
        return count == 1 ? best[0] : -1;
    }

    @Override
    public boolean[] shortlist() {
        return isBest;
    }

    @Override
    public double score(int position, long nowNs) {
        return rank(position, nowNs);
    }

    @Override
    public void save(StateWriter to) {
        for (boolean is : isBest) {
            to.number(is ? 1 : 0);
        }
    }

    @Override
    public void restore(StateReader from) {
        count = 0;
        for (int i = 0; i < isBest.length; i++) {
            isBest[i] = from.number(0, 1) == 1;
            if (isBest[i]) {
                best[count++] = i;
            }
        }
    }
}
