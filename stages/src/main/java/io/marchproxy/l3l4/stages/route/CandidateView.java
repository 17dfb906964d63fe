package io.marchproxy.l3l4.stages.route;

/**
 * A backend as an algorithm sees it at a moment, for those who ask why a flow goes where it goes.
 *
 * @param number engine-wide
 * @param enabled whether it gets anything new
 * @param healthy whether it is taken for healthy
 * @param flows at present, in this shard
 * @param room flows that it may have in this shard; {@code Integer.MAX_VALUE} for any number
 * @param latencyNs expected, by the peak EWMA, losses and waiting connects included; 0 when nothing is known
 * @param lossPpm by the last probe
 * @param share of its traffic that it gets, less than 1 for a while after it returned
 * @param isUsed whether it is among those that the algorithm may look at: enabled, and healthy unless in panic
 * @param isBest whether the algorithm would take it, if nothing else spoke against it
 * @param isTooSlow whether it is out of the algorithm's choice for being above the latency budget
 * @param score what it is ordered by, the lower the better; NaN when that is not known
 */
public record CandidateView(
        int number,
        boolean enabled,
        boolean healthy,
        int flows,
        int room,
        double latencyNs,
        int lossPpm,
        double share,
        boolean isUsed,
        boolean isBest,
        boolean isTooSlow,
        double score) {
    /** Whether it has as many flows as it may have. */
    public boolean isFull() {
        return flows >= room;
    }
}
