package io.marchproxy.l3l4.bench.peers;

import java.util.Collection;
import java.util.List;

/** Several rounds' values in short. */
public record Spread(double median, double lowest, double highest) {
    /** Of one value or more; the median of an even number is the mean of the two in the middle. */
    public static Spread of(Collection<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
    }
}
