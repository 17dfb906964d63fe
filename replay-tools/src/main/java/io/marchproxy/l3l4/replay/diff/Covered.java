package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The time that was compared: shards have it together, starts of the service one after the other. */
final class Covered {
    private static final double MS_PER_S = 1000.0;

    private record Stretch(long beginMs, long endMs) {}

    private final List<Stretch> stretches = new ArrayList<>();

    void add(long beginMs, long endMs) {
        if (endMs >= beginMs) {
            stretches.add(new Stretch(beginMs, endMs));
        }
    }

    boolean isEmpty() {
        return stretches.isEmpty();
    }

    long beginMs() {
        return stretches.stream().mapToLong(Stretch::beginMs).min().orElse(0);
    }

    long endMs() {
        return stretches.stream().mapToLong(Stretch::endMs).max().orElse(0);
    }

    /** How long that was, without the pauses between. */
    double seconds() {
        stretches.sort(Comparator.comparingLong(Stretch::beginMs));
        long sumMs = 0;
        long untilMs = Long.MIN_VALUE;
        for (Stretch stretch : stretches) {
            sumMs += Math.max(0, stretch.endMs() - Math.max(untilMs, stretch.beginMs()));
            untilMs = Math.max(untilMs, stretch.endMs());
        }
        return sumMs / MS_PER_S;
    }
}
