package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

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
        event.sourceHigh(high(source.getAddress()));
        event.sourceLow(low(source.getAddress()));
        event.sourcePort(source.getPort());
        event.destinationHigh(high(destination.getAddress()));
        event.destinationLow(low(destination.getAddress()));
        event.destinationPort(destination.getPort());
    }

    private static long high(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == Integer.BYTES ? 0 : ByteBuffer.wrap(bytes).getLong(0);
    }

    private static long low(InetAddress address) {
        byte[] bytes = address.getAddress();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return bytes.length == Integer.BYTES ? Integer.toUnsignedLong(buffer.getInt(0)) : buffer.getLong(Long.BYTES);
    }
}
