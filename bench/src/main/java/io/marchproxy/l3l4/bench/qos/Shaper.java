package io.marchproxy.l3l4.bench.qos;

import java.util.stream.Stream;

/** Who holds traffic to a rate. */
enum Shaper {
    OURS("ours"),
    TBF("tc tbf"),
    HTB("tc htb"),
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
        return label.replace(' ', '-');
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
        return this == TBF || this == HTB ? packet.frameBytes() : packet.payloadBytes();
    }
}
