package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import java.net.InetSocketAddress;

/**
 * One listening address on one shard. It is bound when it is made, and takes traffic from {@link #start()} on, so that a
 * configuration with a port that is taken is refused before anything has changed.
 */
public interface Listener {
    /** The address that is really bound. */
    InetSocketAddress address();

    /** The listening socket's file descriptor; negative when it is not known. */
    default int descriptor() {
        return -1;
    }

    /** Begins to accept connections or receive datagrams. Any thread. */
    void start();

    /** New settings of the same service, for connections and sessions from now on. Any thread. */
    void update(ServiceSettings settings);

    /** Stops accepting and gives the address back; what was accepted lives on. Returns when that is done. Not on the shard's thread. */
    void close();
}
