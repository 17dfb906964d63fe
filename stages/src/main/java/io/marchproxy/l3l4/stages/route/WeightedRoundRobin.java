package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** In turn, each as often as its weight says, spread evenly: {@link SmoothTurn}. */
final class WeightedRoundRobin implements Algorithm {
    private final Candidates candidates;
    private final SmoothTurn turn;

    WeightedRoundRobin(Candidates candidates) {
        this.candidates = candidates;
        this.turn = new SmoothTurn(candidates.size());
    }

    @Override
    public void refresh(long nowNs) {
        turn.refresh(candidates, candidates.mayBeUsed());
    }

    @Override
    public boolean followsTime() {
        return false;
    }

    @Override
    public int pick(long nowNs) {
        return turn.next();
    }

    @Override
    public int pickAmong(boolean[] left, long nowNs) {
        int next = turn.nextAmong(left);
        return next < 0 ? candidates.leastLoaded(0, left) : next;
    }

    @Override
    public boolean[] shortlist() {
        return candidates.mayBeUsed();
    }

    @Override
    public double score(int position, long nowNs) {
        return turn.behind(position);
    }

    @Override
    public String scoreName() {
        return "weight behind its turn";
    }

    @Override
    public void save(StateWriter to) {
        turn.save(to);
    }

    @Override
    public void restore(StateReader from) {
        turn.restore(from);
    }
}
