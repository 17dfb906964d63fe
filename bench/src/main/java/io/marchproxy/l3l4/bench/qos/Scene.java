package io.marchproxy.l3l4.bench.qos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What several do to one another on a link of {@value #LINK_MBITS} Mbit/s: who sends how much, and beside whom of tc ours is measured. */
enum Scene {
    /** Four classes that all want more than they have. */
    CLASSES("classes"),
    /** P0 at 5 % of the link while P3 sends three times as much as it carries. */
    URGENT("urgent"),
    /** Sixteen clients of one class, of which the first sends ten times what each other does. */
    FAIRNESS("fairness");

    static final int LINK_MBITS = 100;
    static final int CLASS_COUNT = 4;

    /** Of each class, in Mbit/s. P0 has no more than that. */
    static final List<Integer> GUARANTEES = List.of(20, 20, 15, 10);

    /** By which P1 to P3 share what guarantees leave of the link: 35, as 20, 10 and 5. */
    static final List<Integer> WEIGHTS = List.of(1, 4, 2, 1);

    static final int CLIENTS = 16;
    static final int URGENT_SENDER = 0;
    static final int FLOOD_SENDER = 3;

    private static final int FIRST_PROXY_PORT = 8_600;
    private static final int FIRST_BACKEND_PORT = 8_700;
    private static final int FIRST_CLIENT = 101;
    private static final int BULK_BYTES = 1_400;
    private static final int URGENT_BYTES = 200;
    private static final double EACH_TOO_MUCH = 1.8;
    private static final int GREEDY = 10;

    private final String key;

    Scene(String key) {
        this.key = key;
    }

    /** As {@code --only} has it. */
    String key() {
        return key;
    }

    /** Ours, and beside whom of tc. */
    List<Shaper> shapers() {
        return this == FAIRNESS
                ? List.of(Shaper.OURS, Shaper.HTB, Shaper.HTB_EACH, Shaper.FQ_CODEL, Shaper.SFQ)
                : List.of(Shaper.OURS, Shaper.HTB);
    }

    /** Whom of tc's ours is measured by: who does as well as tc can. */
    Shaper rival() {
        return this == FAIRNESS ? Shaper.HTB_EACH : Shaper.HTB;
    }

    /** Where the service of a class listens. */
    static int proxyPort(int trafficClass) {
        return FIRST_PROXY_PORT + trafficClass;
    }

    /** Where its backend does. */
    static int backendPort(int trafficClass) {
        return FIRST_BACKEND_PORT + trafficClass;
    }

    /** All backends' ports. */
    static String backendPorts() {
        return backendPort(0) + "-" + backendPort(CLASS_COUNT - 1);
    }

    /** The address of a client, from 0. */
    static String client(int number) {
        return "198.18.0." + (FIRST_CLIENT + number);
    }

    /** What a class is to have while all want more, in Mbit/s. */
    static double expected(int trafficClass) {
        int guaranteed = GUARANTEES.stream().mapToInt(Integer::intValue).sum();
        int weights = WEIGHTS.stream().skip(1).mapToInt(Integer::intValue).sum();
        return GUARANTEES.get(trafficClass)
                + (trafficClass == 0 ? 0 : (double) (LINK_MBITS - guaranteed) * WEIGHTS.get(trafficClass) / weights);
    }

    /**
     * Who sends, as the load takes it.
     *
     * @param isTc whether to the backends, or to our proxy
     */
    List<String> groups(boolean isTc) {
        return switch (this) {
            case CLASSES ->
                List.of(String.join(
                        ",",
                        IntStream.range(0, CLASS_COUNT)
                                .mapToObj(i -> sender(isTc, 0, i, i, BULK_BYTES, EACH_TOO_MUCH * expected(i)))
                                .toList()));
            case URGENT -> {
                List<String> groups = new ArrayList<>(idle(isTc));
                groups.add(sender(isTc, 1, FLOOD_SENDER, FLOOD_SENDER, BULK_BYTES, 3.0 * LINK_MBITS));
                yield groups;
            }
            case FAIRNESS -> {
                double each = EACH_TOO_MUCH * LINK_MBITS / CLIENTS;
                yield List.of(String.join(
                        ",",
                        IntStream.range(0, CLIENTS)
                                .mapToObj(i -> sender(isTc, i, i, 3, BULK_BYTES, i == 0 ? GREEDY * each : each))
                                .toList()));
            }
        };
    }

    /** The urgent sender alone. */
    static List<String> idle(boolean isTc) {
        return List.of(sender(isTc, 0, URGENT_SENDER, 0, URGENT_BYTES, 0.05 * LINK_MBITS));
    }

    private static String sender(boolean isTc, int client, int number, int trafficClass, int bytes, double mbits) {
        return String.format(
                Locale.ROOT,
                "%s:%d:%d:%d:%d",
                client(client),
                isTc ? backendPort(trafficClass) : proxyPort(trafficClass),
                number,
                bytes,
                Math.round(mbits * 1e6));
    }
}
