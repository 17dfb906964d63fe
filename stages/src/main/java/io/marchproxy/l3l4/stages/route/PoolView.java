package io.marchproxy.l3l4.stages.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

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

    /** The candidate of a number; null when it is none. */
    public @Nullable CandidateView candidate(int number) {
        return candidates.stream()
                .filter(candidate -> candidate.number() == number)
                .findFirst()
                .orElse(null);
    }
}
