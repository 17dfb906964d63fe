package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** A listener or session that datagrams come in for. Loop's thread. */
interface DatagramHandler {
    /** Completes the descriptor of a datagram that came in: kind, time, payload and length are there. */
    void describe(Datagram datagram, PacketDescriptor packet);

    /** Pipeline service, for the books of what does not reach the ring. */
    int service();

    /** Class that such a datagram is counted under: its own is not known yet. */
    int trafficClass();

    /** Whether the datagrams come from clients. */
    boolean fromClients();

    /** An error was told of the socket: an ICMP message for something that was sent through it. */
    void failed(int errno);
}
