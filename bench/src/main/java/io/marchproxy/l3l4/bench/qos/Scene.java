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
    FAIRNESS("fairness"),
    /**
     * Two that send as much as a service of {@value #SLOW_MBITS} Mbit/s may have each, and react to marks and losses: one that says ECN, and one
     * that does not.
     */
    CODEL("codel");

    static final int LINK_MBITS = 100;
    static final int CLASS_COUNT = 4;

    /** Of each class, in Mbit/s. P0 has no more than that. */
    static final List<Integer> GUARANTEES = List.of(20, 20, 15, 10);

    /** By which P1 to P3 share what guarantees leave of the link: 35, as 20, 10 and 5. */
    static final List<Integer> WEIGHTS = List.of(1, 4, 2, 1);

    static final int SLOW_MBITS = 40;
    static final int ECN_SENDER = 0;
    static final int PLAIN_SENDER = 1;

    /** The number, among the classes', of the ports of the slow service. */
    static final int SLOW = CLASS_COUNT;

    static final int CLIENTS = 16;
    static final int URGENT_SENDER = 0;
    static final int FLOOD_SENDER = 3;

    private static final int FIRST_PROXY_PORT = 8_600;
    private static final int FIRST_BACKEND_PORT = 8_700;
    private static final int FIRST_CLIENT = 101;
    private static final int BULK_BYTES = 1_400;
    private static final int URGENT_BYTES = 200;
    private static final double EACH_TOO_MUCH = 1.8;
    static final int GREEDY = 10;

    /** Of which the thousand that may wait are a quarter of a second. */
    private static final int SLOW_BYTES = 1_250;

    /** ECT(0). */
    private static final int CAPABLE = 2;

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
        return switch (this) {
            case CLASSES, URGENT -> List.of(Shaper.OURS, Shaper.HTB);
            case FAIRNESS -> List.of(Shaper.OURS, Shaper.HTB, Shaper.HTB_EACH, Shaper.FQ_CODEL, Shaper.SFQ);
            // What tc holds is in its senders' own sockets, which are full before tc's queue is: they are not sent to
            // by a network.
            case CODEL -> List.of(Shaper.OURS, Shaper.OURS_TAIL);
        };
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
        return backendPort(0) + "-" + backendPort(SLOW);
    }

    /** No turn is shorter: senders that react have to find their pace first. */
    double leastSeconds() {
        return this == CODEL ? 2.5 : 1;
    }

    /** Nor one whose figures are to be kept: fairness is asked for over 5 s. */
    double leastSecondsToKeep() {
        return this == CODEL ? 8 : 5.3;
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
     * @param shaper tc, to the backends; or which of our proxies
     */
    List<String> groups(Shaper shaper) {
        boolean isTc = shaper.isTc();
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
            case CODEL -> {
                int port = proxyPort(shaper == Shaper.OURS ? SLOW : SLOW + 1);
                yield List.of(reacting(ECN_SENDER, port, CAPABLE), reacting(PLAIN_SENDER, port, 0));
            }
        };
    }

    private static String reacting(int number, int port, int ecn) {
        return String.format(
                Locale.ROOT,
                "%s:%d:%d:%d:%d:%d",
                client(number),
                port,
                number,
                SLOW_BYTES,
                SLOW_MBITS * 1_000_000L,
                ecn);
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
