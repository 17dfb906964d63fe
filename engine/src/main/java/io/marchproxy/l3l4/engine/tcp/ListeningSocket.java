package io.marchproxy.l3l4.engine.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A socket that takes connections, bound since it was made. Event loop's thread, but for
 * {@link #address} and {@link #descriptor}. */
interface ListeningSocket {
    /** The address that is really bound. */
    InetSocketAddress address();

    /** The file descriptor; negative when it is not known. */
    int descriptor();

    /**
     * Begins to tell of clients. Told once; again when {@link #accept} found none left.
     *
     * @throws IOException if the event loop takes no socket, as when it is shutting down
     */
    void watch(Runnable clientsWait) throws IOException;

    /**
     * Accepts a client.
     *
     * @return null when none waits
     * @throws IOException when one can't be accepted now, as when the process is out of descriptors
     */
    @Nullable
    StreamSocket accept() throws IOException;

    /**
     * Gives the address back. Once.
     *
     * @param afterwards is run when that is done
     */
    void close(Runnable afterwards);
}
