package io.marchproxy.l3l4.bench.faults;

import java.util.Locale;

/** What happens to a backend. */
enum FaultKind {
    /** SIGKILL: connects are refused from then on. */
    KILLED(false, 100),
    /** SIGSTOP: the kernel still accepts connections, nobody answers. */
    FROZEN(false, 800),
    /** A packet filter drops all that goes to it. */
    BLACKHOLED(false, 800),
    /** Each connection is reset when its request has come. */
    RESETTING(false, 0),
    /** Each answer takes a second. */
    SLOW(false, 0),
    /** As {@link #KILLED}, of one UDP session: ICMP says that nobody is at the port. */
    UDP_KILLED(true, 100),
    /** As {@link #FROZEN}, of one UDP session. */
    UDP_FROZEN(true, 800),
    /** As {@link #BLACKHOLED}, of one UDP session. */
    UDP_BLACKHOLED(true, 800);

    private final boolean datagrams;
    private final int aimMs;

    FaultKind(boolean datagrams, int aimMs) {
        this.datagrams = datagrams;
        this.aimMs = aimMs;
    }

    /** Whether a UDP session meets it, rather than TCP connections. */
    boolean datagrams() {
        return datagrams;
    }

    /** The 99th percentile that is aimed at, in milliseconds; 0 for none. */
    int aimMs() {
        return aimMs;
    }

    /** As on the command line and in logs, such as {@code udp-frozen}. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
