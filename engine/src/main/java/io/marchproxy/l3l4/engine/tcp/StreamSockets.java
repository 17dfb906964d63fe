package io.marchproxy.l3l4.engine.tcp;

import java.io.IOException;
import java.net.InetSocketAddress;

/** Makes a shard's sockets, each of its address's own family. */
interface StreamSockets {
    /**
     * A socket that listens, on a port that other shards may share. An IPv6 one bound to the wildcard takes IPv4 clients as
     * well. Any thread.
     */
    ListeningSocket listening(InetSocketAddress address, int backlog) throws IOException;

    /** A socket to connect with. Event loop's thread. */
    StreamSocket toBackend(InetSocketAddress address) throws IOException;
}
