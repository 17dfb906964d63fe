package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * Looks from where the last choice left off, and among all that may be used. Those that stand in for one that is not free have turns of
 * their own: otherwise the one behind a row of backends that have only just returned would get what is theirs, and they their first's
 * share alone. The first choice begins with the first in configured order, so that a replay begins where the original did; a reload goes
 * on from where the turn stood.
 */
abstract class InTurn implements Algorithm {
    final Candidates candidates;
    private int turn;
    private int standIn;

    InTurn(Candidates candidates) {
        this.candidates = candidates;
    }

    /** Picks from {@code first} on among some, of whom there is at least one. */
    abstract int pickFrom(int first, boolean[] some);

    /** The same among all that may be used. */
    int pickFrom(int first) {
        return pickFrom(first, candidates.mayBeUsed());
    }

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
        int picked = pickFrom(turn);
        turn = after(picked);
        return picked;
    }

    @Override
    public int pickAmong(boolean[] left, long nowNs) {
        int picked = pickFrom(standIn, left);
        standIn = after(picked);
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
            standIn = other.standIn % candidates.size();
        }
    }

    @Override
    public void save(StateWriter to) {
        to.number(turn);
        to.number(standIn);
    }

    @Override
    public void restore(StateReader from) {
        turn = from.number(0, Math.max(candidates.size() - 1, 0));
        standIn = from.number(0, Math.max(candidates.size() - 1, 0));
    }
}
