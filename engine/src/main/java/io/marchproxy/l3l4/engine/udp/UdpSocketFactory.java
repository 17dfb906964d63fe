package io.marchproxy.l3l4.engine.udp;

import java.io.IOException;
import java.net.InetSocketAddress;

/** Opens sockets of the shard's kind. One thread uses an instance. */
interface UdpSocketFactory {
    /** A socket bound to an address, which other sockets of ours may be bound to as well. */
    UdpSocket bound(InetSocketAddress wanted) throws IOException;

    /** A socket connected to a backend. */
    UdpSocket connected(InetSocketAddress backend) throws IOException;
}
