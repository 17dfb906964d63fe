package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * Who connected, and to what: as the sockets tell, or as a PROXY header does.
 *
 * @param source the client
 * @param destination the address that the client connected to
 */
record ClientAddress(InetSocketAddress source, InetSocketAddress destination) {
    /** Writes the pair into a descriptor. */
    void describe(PacketDescriptor event) {
        event.ipVersion(source.getAddress().getAddress().length == Integer.BYTES ? 4 : 6);
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
        return bytes.length == Integer.BYTES
                ? Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt())
                : ByteBuffer.wrap(bytes).getLong(Long.BYTES);
    }
}
