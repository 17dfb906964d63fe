package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * How a service would choose at a moment.
 *
 * @param algorithm that chooses: the service's own, or {@code COST} while it saves
 * @param scoreName what the candidates' scores are
 * @param sticky whether the client's address decides among the best
 * @param isPanic whether all are used since too few are healthy
 * @param isSaving whether only the cheapest are taken since the day's money is spent
 */
public record PoolView(
        RouteAlgorithm algorithm,
        String scoreName,
        boolean sticky,
        boolean isPanic,
        boolean isSaving,
        List<CandidateView> candidates) {
    public PoolView {
        candidates = List.copyOf(candidates);
    }
}
