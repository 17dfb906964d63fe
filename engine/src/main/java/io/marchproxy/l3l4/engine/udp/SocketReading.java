package io.marchproxy.l3l4.engine.udp;

/** The reading from one socket, as long as it goes on. Loop's thread. */
interface SocketReading {
    /** A send met an error of the socket, so that the reader may not be told of it. */
    void errorMet();

    /**
     * Ends it: nothing is handed on any more.
     *
     * @param afterwards is run once, when the descriptor may be closed
     */
    void close(Runnable afterwards);
}
