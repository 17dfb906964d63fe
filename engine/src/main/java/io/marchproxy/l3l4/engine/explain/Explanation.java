package io.marchproxy.l3l4.engine.explain;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a flow would go where it would go.
 *
 * @param flow in words
 * @param service that it is of
 * @param rule of {@code qos.rules} that matches, from 0; −1 when none does and the service's own class holds
 * @param trafficClass {@code P0} to {@code P3}
 * @param algorithm that chooses
 * @param scoreName what the scores are
 * @param remarks what is special at the moment, such as panic
 * @param candidates in configured order
 * @param choice id of the backend; null when there is none
 * @param reason why there is none; empty otherwise
 * @param prefix of an IP packet's destination: the longest that any gateway has; null when none has, or it is no packet
 */
public record Explanation(
        String flow,
        String service,
        int rule,
        String trafficClass,
        String algorithm,
        String scoreName,
        List<String> remarks,
        List<Candidate> candidates,
        @Nullable String choice,
        String reason,
        @Nullable String prefix) {
    public Explanation {
        remarks = List.copyOf(remarks);
        candidates = List.copyOf(candidates);
    }

    /** The same with a remark in front of the others. */
    Explanation with(String remark) {
        List<String> all = new ArrayList<>(List.of(remark));
        all.addAll(remarks);
        return new Explanation(
                flow, service, rule, trafficClass, algorithm, scoreName, all, candidates, choice, reason, prefix);
    }

    /**
     * A backend.
     *
     * @param address as configured
     * @param latencyMs expected; NaN when nothing is known
     * @param score what it is ordered by; NaN when it has none
     * @param why it is taken, or not
     */
    public record Candidate(
            String id,
            String address,
            String provider,
            String region,
            double costPerGb,
            boolean healthy,
            int flows,
            double latencyMs,
            double lossPercent,
            double score,
            boolean chosen,
            String why) {}
}
