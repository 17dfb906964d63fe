package io.marchproxy.l3l4.stages.route;

/** One after the other. */
final class RoundRobin extends InTurn {
    RoundRobin(Candidates candidates) {
        super(candidates);
    }

    @Override
    int pickFrom(int first, boolean[] some) {
        int position = first;
        while (!some[position]) {
            position = after(position);
        }
        return position;
    }

    @Override
    public double score(int position, long nowNs) {
        return position >= turn() ? position - turn() : position - turn() + candidates.size();
    }

    @Override
    public String scoreName() {
        return "turns until it is next";
    }
}
