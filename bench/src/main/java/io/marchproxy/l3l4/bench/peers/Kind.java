package io.marchproxy.l3l4.bench.peers;

import java.util.Locale;

/** A measurement. */
enum Kind {
    TCP1(Group.TCP, "TCP, 1 stream"),
    TCP4(Group.TCP, "TCP, 4 streams"),
    WRK1(Group.WRK, "wrk, 1 connection"),
    WRK64(Group.WRK, "wrk, 64 connections"),
    UDP64(Group.UDP, "UDP flood, 64 B"),
    UDP1400(Group.UDP, "UDP flood, 1400 B"),
    UDP64_LOSSLESS(Group.UDP, "UDP without loss, 64 B"),
    UDP64_MERGED(Group.UDP, "UDP flood, 64 B, merged input"),
    UDP1400_MERGED(Group.UDP, "UDP flood, 1400 B, merged input"),
    UDP64_LATENCY(Group.UDP, "UDP at 50 kpps, 64 B"),
    UDP1400_LATENCY(Group.UDP, "UDP at 50 kpps, 1400 B"),
    IDLE(Group.IDLE, "idle TCP connections");

    private final Group group;
    private final String label;

    Kind(Group group, String label) {
        this.group = group;
        this.label = label;
    }

    Group group() {
        return group;
    }

    String label() {
        return label;
    }

    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it leaves a log of all its latencies. */
    boolean hasLatencies() {
        return group == Group.WRK || this == UDP64_LATENCY || this == UDP1400_LATENCY;
    }

    static Kind of(String key) {
        return valueOf(key.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
