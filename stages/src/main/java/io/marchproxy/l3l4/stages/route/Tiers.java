package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** Picks among the best in weighted turns: for ranks that many have, such as a price or a place. */
abstract class Tiers extends Ranked {
    private final SmoothTurn turn;

    Tiers(Candidates candidates) {
        super(candidates);
        this.turn = new SmoothTurn(candidates.size());
    }

    @Override
    public void refresh(long nowNs) {
        super.refresh(nowNs);
        turn.refresh(candidates, shortlist());
    }

    @Override
    public boolean followsTime() {
        return false;
    }

    @Override
    public int pick(long nowNs) {
        return count() == 1 ? best(0) : turn.next();
    }

    @Override
    public int pickAmong(boolean[] left, long nowNs) {
        int next = turn.nextAmong(left);
        return next < 0 ? bestAmong(left, nowNs) : next;
    }

    @Override
    public void save(StateWriter to) {
        super.save(to);
        turn.save(to);
    }

    @Override
    public void restore(StateReader from) {
        super.restore(from);
        turn.restore(from);
    }
}
