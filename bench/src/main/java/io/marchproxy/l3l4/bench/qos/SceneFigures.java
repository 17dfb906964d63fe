package io.marchproxy.l3l4.bench.qos;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
    static final String FLOOD = "flood-mbits";
    static final String JAIN = "jain";
    static final String GREEDY = "greedy-times-others";

    /** What whoever asked for least of a scene sent, as a part of what he is to have: above 1, nobody had less than he might for not asking. */
    static final String LEAST_ASKED = "least-asked-of-expected";

    /** Of all that senders had to send, what their own sockets refused since they were full: what tc holds is in those. */
    static final String REFUSED = "refused-percent";

    static final String DELAY_P50 = "delay-p50-ms";
    static final String DELAY_P95 = "delay-p95-ms";
    static final String DELAY_MOST = "delay-most-ms";
    static final String MARKED = "ecn-marked";
    static final String HEARD = "ecn-marks-heard";
    static final String ECN_LOST = "ecn-lost";
    static final String PLAIN_MARKED = "plain-marked";
    static final String PLAIN_LOST = "plain-lost";

    /** Of a turn's begin: bursts, and queues that fill. */
    private static final long SKIP_NS = TimeUnit.MILLISECONDS.toNanos(300);

    /** Of a turn of senders that react: until they have found their windows. */
    static final long FIND_NS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private static final double MBIT = 1e6;
    private static final double MS = 1e6;

    /**
     * Looks at what came.
     *
     * @param idle in a turn before, without the flood; null where the scene has none
     * @throws IllegalArgumentException if too little came to say anything
     */
    static SceneFigures of(Scene scene, Shaper shaper, MixFound found, @Nullable MixFound idle, double seconds) {
        long untilNs = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        return new SceneFigures(
                switch (scene) {
                    case CLASSES -> classes(shaper, found, untilNs);
                    case URGENT -> urgent(found, Objects.requireNonNull(idle));
                    case FAIRNESS -> fairness(found, untilNs);
                    case CODEL -> delays(shaper, found, untilNs);
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

    private static Map<String, Double> classes(Shaper shaper, MixFound found, long untilNs) {
        Map<String, Double> values = new LinkedHashMap<>();
        double least = Double.MAX_VALUE;
        double farthest = 0;
        double sum = 0;
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            double mbits = Conformance.of(packets(found, i), shaper::counted, 0, SKIP_NS, untilNs)
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
        putAsked(values, found, Scene.CLASS_COUNT, Scene::expected);
        return values;
    }

    /** What senders tell of themselves: whether each asked for what he was to have. */
    private static void putAsked(
            Map<String, Double> values, MixFound found, int senders, IntToDoubleFunction expectedMbits) {
        values.put(
                LEAST_ASKED,
                IntStream.range(0, senders)
                        .mapToDouble(i -> found.offeredMbits(i) / expectedMbits.applyAsDouble(i))
                        .min()
                        .orElseThrow());
        putRefused(values, found, IntStream.range(0, senders).toArray());
    }

    private static void putRefused(Map<String, Double> values, MixFound found, int... senders) {
        double refused = IntStream.of(senders).mapToDouble(found::refused).sum();
        double sent = IntStream.of(senders).mapToDouble(found::sent).sum();
        values.put(REFUSED, 100 * refused / (sent + refused));
    }

    private static List<WirePacket> packets(MixFound found, int sender) {
        return found.of(sender).map(Stamped::packet).toList();
    }

    private static Map<String, Double> urgent(MixFound found, MixFound idle) {
        double idleP99 = p99Us(idle);
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(IDLE_P99, idleP99);
        values.put(ADDED_P99, p99Us(found) - idleP99);
        values.put(LOST, (double) (found.lost(Scene.URGENT_SENDER) + idle.lost(Scene.URGENT_SENDER)));
        values.put(FLOOD, found.offeredMbits(Scene.FLOOD_SENDER));
        putRefused(values, found, Scene.URGENT_SENDER, Scene.FLOOD_SENDER);
        return values;
    }

    private static double p99Us(MixFound found) {
        return percentile(found.of(Scene.URGENT_SENDER), 99) / 1e3;
    }

    /** In ns. */
    private static double percentile(Stream<Stamped> of, int percent) {
        long[] delays = of.mapToLong(Stamped::delayNs).sorted().toArray();
        if (delays.length == 0) {
            throw new IllegalArgumentException("nothing came of whom it is about");
        }
        return delays[Math.min(delays.length - 1, delays.length * percent / 100)];
    }

    private static Map<String, Double> delays(Shaper shaper, MixFound found, long untilNs) {
        long beganNs =
                found.came().isEmpty() ? 0 : found.came().getFirst().packet().atNs();
        List<Stamped> settled = found.came().stream()
                .filter(one ->
                        one.packet().atNs() - beganNs >= FIND_NS && one.packet().atNs() - beganNs < untilNs)
                .toList();
        double bits = settled.stream()
                        .mapToDouble(one -> shaper.counted(one.packet()))
                        .sum()
                * Byte.SIZE;
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(DELAY_P50, percentile(settled.stream(), 50) / MS);
        values.put(DELAY_P95, percentile(settled.stream(), 95) / MS);
        values.put(DELAY_MOST, percentile(settled.stream(), 100) / MS);
        values.put(USED, bits * TimeUnit.SECONDS.toNanos(1) / (untilNs - FIND_NS) / (Scene.SLOW_MBITS * MBIT));
        values.put(MARKED, (double) marked(found, Scene.ECN_SENDER));
        values.put(HEARD, found.load().get("heard-" + Scene.ECN_SENDER));
        values.put(ECN_LOST, (double) found.lost(Scene.ECN_SENDER));
        values.put(PLAIN_MARKED, (double) marked(found, Scene.PLAIN_SENDER));
        values.put(PLAIN_LOST, (double) found.lost(Scene.PLAIN_SENDER));
        return values;
    }

    private static long marked(MixFound found, int sender) {
        return found.of(sender).filter(one -> one.ecn() == ReactingSender.CE).count();
    }

    private static Map<String, Double> fairness(MixFound found, long untilNs) {
        List<Stamped> came = found.came();
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
        putAsked(
                values,
                found,
                bytes.length,
                i -> (double) Scene.LINK_MBITS / Scene.CLIENTS * (i == 0 ? Scene.GREEDY : 1));
        return values;
    }
}
