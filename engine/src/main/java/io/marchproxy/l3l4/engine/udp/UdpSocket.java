package io.marchproxy.l3l4.engine.udp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/**
 * One socket, of a listener or of a session. The loop's thread reads and closes; the egress thread sends, and keeps in it
 * what the present batch will send.
 */
abstract class UdpSocket {
    /** No entry of the send queue. */
    static final int NOTHING = -1;

    /** First and last entry of the send queue that go through this socket. Egress thread. */
    int firstPending = NOTHING;

    int lastPending = NOTHING;
    int pendingCount;

    /** Where a listener's socket is bound, or what a session's is connected to. */
    abstract InetSocketAddress address();

    /** Begins to hand datagrams to the handler. Loop's thread. */
    abstract void read(DatagramHandler handler) throws IOException;

    /** No longer chosen by the kernel for what comes in, but good to send from. Any thread. */
    abstract void deafen();

    /** Ends the reading, and closes once the kernel lets go. Loop's thread; again does nothing. */
    abstract void close();

    /** Ends the reading, and closes once the kernel lets go and nothing is sent any more. Loop's thread. */
    void closeAfter(CompletableFuture<Void> lastSent) {
        close();
    }

    /** Closes at once what is still open. When the loop has ended. */
    abstract void abandon();
}
