package io.marchproxy.l3l4.engine.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One metric's samples of one moment. Series with the same labels become one, as they must: a service that a reload took
 * away and another brought back is one service to the reader.
 */
final class Family {
    /**
     * What tells a sample from its siblings.
     *
     * @param suffix behind the metric's name, such as {@code _bucket}
     * @param le upper bound of a histogram's bucket, otherwise empty
     */
    record Series(String suffix, List<String> labelValues, String le) {}

    private final Metric metric;
    private final Map<Series, Double> samples = new LinkedHashMap<>();

    Family(Metric metric) {
        this.metric = metric;
    }

    Metric metric() {
        return metric;
    }

    Map<Series, Double> samples() {
        return samples;
    }

    /** Adds to a series. */
    Family add(double value, String... labelValues) {
        samples.merge(series("", "", labelValues), value, Double::sum);
        return this;
    }

    /** Adds a count, which Prometheus keeps as a double: exact below 2^53. */
    Family add(long value, String... labelValues) {
        return add((double) value, labelValues);
    }

    /** Sets a series, whatever it was. */
    Family set(double value, String... labelValues) {
        samples.put(series("", "", labelValues), value);
        return this;
    }

    Family set(long value, String... labelValues) {
        return set((double) value, labelValues);
    }

    /** Adds to a series of a histogram or summary. */
    Family part(String suffix, String le, double value, String... labelValues) {
        samples.merge(series(suffix, le, labelValues), value, Double::sum);
        return this;
    }

    Family part(String suffix, String le, long value, String... labelValues) {
        return part(suffix, le, (double) value, labelValues);
    }

    private Series series(String suffix, String le, String... labelValues) {
        if (labelValues.length != metric.labels().size()) {
            throw new IllegalArgumentException(metric + " has the labels " + metric.labels());
        }
        return new Series(suffix, List.of(labelValues), le);
    }
}
