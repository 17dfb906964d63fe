package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.net.Inet4Address;
import java.net.InetSocketAddress;

/**
 * Who a connection is from and what it was addressed to: as the sockets say or, behind another proxy, as its PROXY header
 * says. Both are of one family.
 */
record ClientAddress(InetSocketAddress source, InetSocketAddress destination) {
    private static final int PROTOCOL_TCP = 6;

    boolean isIpv4() {
        return source.getAddress() instanceof Inet4Address;
    }

    /** Writes protocol, family, addresses and ports into an event. */
    void describe(PacketDescriptor event) {
        event.protocol(PROTOCOL_TCP);
        event.ipVersion(isIpv4() ? 4 : 6);
        event.sourceHigh(SocketAddresses.high(source.getAddress()));
        event.sourceLow(SocketAddresses.low(source.getAddress()));
        event.sourcePort(source.getPort());
        event.destinationHigh(SocketAddresses.high(destination.getAddress()));
        event.destinationLow(SocketAddresses.low(destination.getAddress()));
        event.destinationPort(destination.getPort());
    }
}
