package io.marchproxy.l3l4.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** All samples of one comparison, or of several pieces of it. */
final class Results {
    /** Above this share of the ceiling, the load is what limits, not the proxy. */
    private static final double BOUND = 0.9;

    private final List<Sample> samples = new ArrayList<>();

    void add(Sample sample) {
        samples.add(sample);
    }

    /** Adds another run's samples, their rounds after those that are here. */
    void addAll(Results other) {
        int offset = samples.stream().mapToInt(Sample::round).max().orElse(0);
        other.samples.forEach(
                each -> samples.add(new Sample(each.kind(), each.peer(), offset + each.round(), each.values())));
    }

    List<Sample> samples() {
        return samples;
    }

    /** A figure of every round. */
    SortedMap<Integer, Double> rounds(Kind kind, Metric metric, Peer peer) {
        SortedMap<Integer, Double> values = new TreeMap<>();
        for (Sample sample : samples) {
            Double value = sample.values().get(metric);
            if (sample.kind() == kind && sample.peer() == peer && value != null) {
                values.put(sample.round(), value);
            }
        }
        return values;
    }

    Optional<Spread> spread(Kind kind, Metric metric, Peer peer) {
        SortedMap<Integer, Double> values = rounds(kind, metric, peer);
        return values.isEmpty() ? Optional.empty() : Optional.of(Spread.of(values.values()));
    }

    /**
     * One peer's figure by another's: of each round for itself, since what disturbs the machine disturbs both, and the spread of
     * that. Empty where they have no round in common, or the other's figure is 0.
     */
    Optional<Spread> ratio(Kind kind, Metric metric, Peer peer, Peer other) {
        SortedMap<Integer, Double> others = rounds(kind, metric, other);
        List<Double> ratios = new ArrayList<>();
        rounds(kind, metric, peer).forEach((round, value) -> {
            Double by = others.get(round);
            if (by != null && by > 0) {
                ratios.add(value / by);
            }
        });
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Spread.of(ratios));
    }

    /** Whether a peer reaches what the load does without a proxy, so that a faster one would show no more. */
    boolean isGeneratorBound(Kind kind, Metric metric, Peer peer) {
        return metric.moreIsBetter()
                && peer != Peer.DIRECT
                && ratio(kind, metric, peer, Peer.DIRECT)
                        .filter(share -> share.median() >= BOUND)
                        .isPresent();
    }
}
