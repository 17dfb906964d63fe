package io.marchproxy.l3l4.bench.qos;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * What one turn of a scene gave, by name. Rates are of what the shaper counts, delays from a datagram's stamp to its time behind the
 * shaper.
 */
record SceneFigures(Map<String, Double> values) {
    static final String LEAST_GUARANTEE = "least-of-guarantee";
    static final String FARTHEST_SHARE = "farthest-from-share-percent";
    static final String USED = "of-link";
    static final String ADDED_P99 = "added-p99-us";
    static final String IDLE_P99 = "idle-p99-us";
    static final String LOST = "urgent-lost";
    static final String JAIN = "jain";
    static final String GREEDY = "greedy-times-others";

    /** Of a turn's begin: bursts, and queues that fill. */
    private static final long SKIP_NS = TimeUnit.MILLISECONDS.toNanos(300);

    private static final double MBIT = 1e6;

    /**
     * Looks at what came.
     *
     * @param idle in a turn before, without the flood
     * @throws IllegalArgumentException if too little came to say anything
     */
    static SceneFigures of(Scene scene, Shaper shaper, List<Stamped> came, List<Stamped> idle, double seconds) {
        long untilNs = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        return new SceneFigures(
                switch (scene) {
                    case CLASSES -> classes(shaper, came, untilNs);
                    case URGENT -> urgent(came, idle);
                    case FAIRNESS -> fairness(came, untilNs);
                });
    }

    /** A figure by its name. */
    double get(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("a scene says nothing of " + name);
        }
        return value;
    }

    private static Map<String, Double> classes(Shaper shaper, List<Stamped> came, long untilNs) {
        Map<String, Double> values = new LinkedHashMap<>();
        double least = Double.MAX_VALUE;
        double farthest = 0;
        double sum = 0;
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            double mbits = Conformance.of(packets(came, i), shaper::counted, 0, SKIP_NS, untilNs)
                            .bitsPerSecond()
                    / MBIT;
            int guarantee = Scene.GUARANTEES.get(i);
            values.put("p" + i + "-mbits", mbits);
            least = Math.min(least, mbits / guarantee);
            sum += mbits;
            if (i > 0) {
                farthest = Math.max(farthest, Math.abs((mbits - guarantee) / (Scene.expected(i) - guarantee) - 1));
            }
        }
        values.put(LEAST_GUARANTEE, least);
        values.put(FARTHEST_SHARE, 100 * farthest);
        values.put(USED, sum / Scene.LINK_MBITS);
        return values;
    }

    private static List<WirePacket> packets(List<Stamped> came, int sender) {
        return came.stream()
                .filter(one -> one.sender() == sender)
                .map(Stamped::packet)
                .toList();
    }

    private static Map<String, Double> urgent(List<Stamped> came, List<Stamped> idle) {
        List<Stamped> urgent =
                came.stream().filter(one -> one.sender() == Scene.URGENT_SENDER).toList();
        if (urgent.isEmpty() || idle.isEmpty()) {
            throw new IllegalArgumentException("nothing urgent came");
        }
        int first = urgent.stream().mapToInt(Stamped::number).min().orElseThrow();
        int last = urgent.stream().mapToInt(Stamped::number).max().orElseThrow();
        double idleP99 = p99Us(idle);
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(IDLE_P99, idleP99);
        values.put(ADDED_P99, p99Us(urgent) - idleP99);
        values.put(LOST, (double) (last - first + 1 - urgent.size()));
        return values;
    }

    private static double p99Us(List<Stamped> came) {
        long[] delays = came.stream().mapToLong(Stamped::delayNs).sorted().toArray();
        return delays[delays.length * 99 / 100] / 1e3;
    }

    private static Map<String, Double> fairness(List<Stamped> came, long untilNs) {
        long[] bytes = new long[Scene.CLIENTS];
        long beganNs = came.isEmpty() ? 0 : came.getFirst().packet().atNs();
        for (Stamped one : came) {
            long atNs = one.packet().atNs() - beganNs;
            if (atNs >= SKIP_NS && atNs < untilNs) {
                bytes[one.sender()] += one.packet().payloadBytes();
            }
        }
        double sum = IntStream.range(0, bytes.length).mapToDouble(i -> bytes[i]).sum();
        double squares = IntStream.range(0, bytes.length)
                .mapToDouble(i -> (double) bytes[i] * bytes[i])
                .sum();
        if (squares == 0) {
            throw new IllegalArgumentException("nothing came");
        }
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(JAIN, sum * sum / (bytes.length * squares));
        values.put(GREEDY, bytes[0] / ((sum - bytes[0]) / (bytes.length - 1)));
        return values;
    }
}
