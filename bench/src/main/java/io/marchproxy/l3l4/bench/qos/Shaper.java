package io.marchproxy.l3l4.bench.qos;

import java.util.stream.Stream;

/** Who holds traffic to a rate. */
enum Shaper {
    OURS("ours"),
    /** With queues of datagrams that only their bound ends. */
    OURS_TAIL("ours, tail drop"),
    TBF("tc tbf"),
    HTB("tc htb"),
    /** With a class for each client. */
    HTB_EACH("tc htb, a class each"),
    /** With a leaf that gives flows turns, and has CoDel. */
    FQ_CODEL("tc htb, fq_codel"),
    /** With the older leaf that gives flows turns. */
    SFQ("tc htb, sfq"),
    /** Ours without a rate: what the machine carries. */
    NOBODY("ours without a rate");

    private final String label;

    Shaper(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    String key() {
        return label.replace(",", "").replace(' ', '-');
    }

    static Shaper of(String key) {
        return Stream.of(values())
                .filter(one -> one.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no shaper " + key));
    }

    /**
     * What of a packet counts for its rate. Ours counts what it relays: payload. tc counts a frame as it is queued: an Ethernet header and
     * the IP packet.
     */
    int counted(WirePacket packet) {
        return isTc() ? packet.frameBytes() : packet.payloadBytes();
    }

    /** Whether it is tc rather than our proxy. */
    boolean isTc() {
        return this != OURS && this != OURS_TAIL && this != NOBODY;
    }
}
