package io.marchproxy.l3l4.stages.route;

/**
 * Among the best, the better of two that are drawn: nearly as even as looking at all of them, without that everybody runs to the
 * one that looks best at the moment.
 *
 * <p>Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001.
 */
abstract class TwoChoices extends Ranked {
    private final Draw draw;

    TwoChoices(Candidates candidates, Draw draw) {
        super(candidates);
        this.draw = draw;
    }

    @Override
    public int pick(long nowNs) {
        int count = count();
        if (count == 1) {
            return best(0);
        }
        int first = draw.below(count);
        int second = draw.below(count - 1);
        second += second >= first ? 1 : 0;
        return better(best(first), best(second), nowNs);
    }

    @Override
    public int pickAmong(boolean[] left, long nowNs) {
        return bestAmong(left, nowNs);
    }

    /** The less loaded, unless it has become worse than what is taken for good since the list was drawn up. */
    int better(int first, int second, long nowNs) {
        return candidates.load(second) < candidates.load(first) ? second : first;
    }
}
