package io.marchproxy.l3l4.config.settings;

/** What a listener speaks. */
public enum Protocol {
    TCP(6, "tcp"),
    UDP(17, "udp"),
    /** Whole IP packets of every protocol: the engine's own number, which no protocol has. */
    IP(256, "ip");

    private final int number;
    private final String label;

    Protocol(int number, String label) {
        this.number = number;
        this.label = label;
    }

    /** The IP protocol number (IANA), but for {@link #IP}. */
    public int number() {
        return number;
    }

    /** As written in the configuration. */
    public String label() {
        return label;
    }
}
