package io.marchproxy.l3l4.engine.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds out whether a port is another program's. Shards share a port by SO_REUSEPORT, which would let in a second process of
 * the same user as well, and each would get a part of the clients; a socket without that option is told the truth.
 */
final class PortProbe {
    /** Listeners of ours on each port. */
    private final Map<Integer, Integer> ours = new ConcurrentHashMap<>();

    /**
     * Looks before we listen.
     *
     * @throws IOException when somebody else listens there, or the address can't be had for another reason
     */
    void opening(InetSocketAddress address) throws IOException {
        int port = address.getPort();
        if (port != 0 && !ours.containsKey(port)) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.bind(address, 1);
            }
        }
    }

    /** We listen on a port now. */
    void opened(int port) {
        ours.merge(port, 1, Integer::sum);
    }

    /** One listener of ours is closed. */
    void closed(int port) {
        ours.computeIfPresent(port, (key, count) -> count == 1 ? null : count - 1);
    }
}
