package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Looks from where the last choice left off, and among all that may be used. The first choice begins with the first in configured
 * order, so that a replay begins where the original did; a reload goes on from where the turn stood.
 */
abstract class InTurn implements Algorithm {
    final Candidates candidates;
    private int turn;

    InTurn(Candidates candidates) {
        this.candidates = candidates;
    }

    /** Picks from {@code first} on among some, of whom there is at least one. */
    abstract int pickFrom(int first, boolean[] some);

    /** Where the next choice begins to look. */
    int turn() {
        return turn;
    }

    int after(int position) {
        return position + 1 == candidates.size() ? 0 : position + 1;
    }

    @Override
    public void refresh(long nowNs) {
        // the candidates and their flows are all that it looks at
    }

    @Override
    public boolean followsTime() {
        return false;
    }

    @Override
    public int pick(long nowNs) {
        return pickAmong(candidates.mayBeUsed(), nowNs);
    }

    @Override
    public int pickAmong(boolean[] left, long nowNs) {
        int picked = pickFrom(turn, left);
        turn = after(picked);
        return picked;
    }

    @Override
    public boolean[] shortlist() {
        return candidates.mayBeUsed();
    }

    @Override
    public void goOnFrom(Algorithm before) {
        if (before instanceof InTurn other && other.getClass() == getClass() && candidates.size() > 0) {
            turn = other.turn % candidates.size();
        }
    }

    @Override
    public void save(StateWriter to) {
        to.number(turn);
    }

    @Override
    public void restore(StateReader from) {
        turn = from.number(0, Math.max(candidates.size() - 1, 0));
    }
}
