package io.marchproxy.l3l4.engine.health;

import java.util.Locale;

/** Why a backend was taken out. */
public enum Ejection {
    /** So many probes in a row failed. */
    PROBES(true),
    /** Too many of the window's probes failed. */
    LOSS(true),
    /** A client's connect was refused, or an ICMP message said that nobody is at the port. */
    REFUSED(true),
    /** A client's connect took too long. */
    CONNECT_TIMEOUT(true),
    /** The host or its network could not be reached. */
    UNREACHABLE(true),
    /** Connections were reset before the first byte of an answer. */
    RESET(false),
    /** Traffic was left unanswered. */
    SILENT(false);

    private final boolean seenByConnect;

    Ejection(boolean seenByConnect) {
        this.seenByConnect = seenByConnect;
    }

    /** Whether a probe that only connects would meet it too: of a stopped process, the kernel still accepts connections. */
    boolean seenByConnect() {
        return seenByConnect;
    }

    /** As shown, such as {@code connect-timeout}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
