package io.marchproxy.l3l4.engine.udp;

import java.util.Locale;

/** What a shard's UDP relay counts besides the books. */
public enum UdpCounter {
    SESSIONS_OPENED("Sessions that got a socket towards their backend"),
    SESSIONS_IDLE("Sessions that ended because they were silent for too long"),
    SESSIONS_COMPLETE("Sessions that ended with their last reply"),
    SESSIONS_EVICTED("Sessions that ended to make room for another"),
    SESSIONS_REROUTED("Sessions that moved to another backend, or to another address of theirs"),
    SESSION_FAILURES("Sessions that got no socket towards their backend"),
    TRUNCATED("Datagrams that were dropped because no buffer of their length was free"),
    JUMBO("Datagrams longer than a packet buffer"),
    OVERSIZED("Datagrams longer than the path towards the receiver takes"),
    MERGED("Receives that brought several datagrams of one sender at once (UDP_GRO)"),
    MOVED("Datagrams moved out of io_uring's buffers at once, because many of these were in use"),
    STARVED("Times that receiving paused until buffers of io_uring came back"),
    RECEIVING_REFUSED("Times that io_uring refused to receive from a socket; after ten in a row recvmmsg reads it"),
    SEGMENTED("Sends that took several datagrams of one session at once (UDP_SEGMENT)"),
    SEGMENTING_REFUSED("Sends of several datagrams at once that the kernel refused; each was sent by itself then"),
    RETRIED("Datagrams sent a second time because the first try met the ICMP error of an earlier one"),
    ICMP_PORT_UNREACHABLE("ICMP errors: the backend's host has nobody at the port"),
    ICMP_HOST_UNREACHABLE("ICMP errors: the backend's host is unreachable"),
    ICMP_NETWORK_UNREACHABLE("ICMP errors: the backend's network is unreachable"),
    ICMP_TOO_BIG("ICMP errors: a datagram was too big for the path"),
    ICMP_OTHER("ICMP errors of other kinds");

    private final String sentence;

    UdpCounter(String sentence) {
        this.sentence = sentence;
    }

    /** What is counted, as a sentence without its full stop. */
    public String sentence() {
        return sentence;
    }

    /** The counter's name in metrics and JSON, such as {@code sessions-opened}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static int count() {
        return values().length;
    }
}
