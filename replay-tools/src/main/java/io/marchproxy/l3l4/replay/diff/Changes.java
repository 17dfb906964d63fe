package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts what changed into what, kind by kind, up to a bound for each aspect: kinds that come later are summed as one. */
final class Changes {
    /** Kinds of each aspect at the most. */
    static final int MOST = 1000;

    /** In the place of numbers, of what is summed as one. */
    private static final Pair OTHERS = new Pair(-1, -1);

    private record Pair(int before, int after) {}

    private static final class Count {
        private long decisions;
        private long bytes;
    }

    /** Puts the numbers of an aspect into words. */
    interface Words {
        String of(Aspect aspect, int number);
    }

    private final Map<Aspect, Map<Pair, Count>> counts = new EnumMap<>(Aspect.class);

    Changes() {
        for (Aspect aspect : Aspect.values()) {
            counts.put(aspect, new HashMap<>());
        }
    }

    void add(Aspect aspect, int before, int after, Ticket ticket) {
        Map<Pair, Count> kinds = counts.getOrDefault(aspect, Map.of());
        Pair pair = new Pair(before, after);
        Count count = kinds.get(pair);
        if (count == null) {
            if (kinds.size() >= MOST) {
                pair = OTHERS;
            }
            count = kinds.computeIfAbsent(pair, key -> new Count());
        }
        count.decisions += ticket.packets;
        count.bytes += ticket.bytes;
    }

    /** All kinds: by aspect, the most frequent first. */
    List<Change> list(Words words) {
        List<Change> list = new ArrayList<>();
        for (Map.Entry<Aspect, Map<Pair, Count>> aspect : counts.entrySet()) {
            List<Change> kinds = new ArrayList<>();
            aspect.getValue()
                    .forEach((pair, count) -> kinds.add(new Change(
                            aspect.getKey(),
                            pair.equals(OTHERS) ? "(others)" : words.of(aspect.getKey(), pair.before()),
                            pair.equals(OTHERS) ? "(others)" : words.of(aspect.getKey(), pair.after()),
                            count.decisions,
                            count.bytes)));
            kinds.sort(Comparator.comparingLong((Change change) -> -change.decisions())
                    .thenComparing(Change::before)
                    .thenComparing(Change::after));
            list.addAll(kinds);
        }
        return list;
    }
}
