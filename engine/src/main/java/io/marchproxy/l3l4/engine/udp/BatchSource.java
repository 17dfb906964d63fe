package io.marchproxy.l3l4.engine.udp;

/** Receives several datagrams of a socket at a time, into memory of its own. Loop's thread. */
interface BatchSource {
    /** Receives up to {@link DatagramReceiver#BATCH} messages. Answers how many, or the negative errno. */
    int receive(int fd);

    /** Hands on those that came. */
    void deliver(int received, DatagramHandler handler);
}
