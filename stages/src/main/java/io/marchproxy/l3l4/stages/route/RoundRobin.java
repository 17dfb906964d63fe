package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * In turn. The first choice is the first in configured order, so that a replay begins where the original did; a reload goes on
 * from where the turn stood.
 */
final class RoundRobin implements Algorithm {
    private final Candidates candidates;
    private int turn;

    RoundRobin(Candidates candidates) {
        this.candidates = candidates;
    }

    @Override
    public void refresh(long nowNs) {
        // the candidates are all that it looks at
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
        int position = turn;
        while (!left[position]) {
            position = after(position);
        }
        turn = after(position);
        return position;
    }

    private int after(int position) {
        return position + 1 == candidates.size() ? 0 : position + 1;
    }

    @Override
    public boolean[] shortlist() {
        return candidates.mayBeUsed();
    }

    @Override
    public double score(int position, long nowNs) {
        return position >= turn ? position - turn : position - turn + candidates.size();
    }

    @Override
    public String scoreName() {
        return "turns until it is next";
    }

    @Override
    public void goOnFrom(Algorithm before) {
        if (before instanceof RoundRobin other && candidates.size() > 0) {
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
