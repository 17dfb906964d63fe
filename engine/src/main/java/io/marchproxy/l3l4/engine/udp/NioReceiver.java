package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * Receives by java.nio, a datagram at a time. Which address it was sent to, its code point and its ECN field can't be told:
 * the bound address and 0 stand for them.
 */
final class NioReceiver extends DatagramReceiver {
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(PacketBuffers.JUMBO_BYTES);
    private @Nullable InetSocketAddress source;
    private InetSocketAddress destination = new InetSocketAddress(0);

    NioReceiver(ShardContext shard, PacketBuffers buffers, UdpCounters counters, UdpOptions options) {
        super(shard, buffers, counters, options);
    }

    /** Receives one datagram; answers 1, or 0 when none is there. */
    int receive(DatagramChannel channel, InetSocketAddress bound) throws IOException {
        incoming.clear();
        source = (InetSocketAddress) channel.receive(incoming);
        destination = bound;
        return source == null ? 0 : 1;
    }

    @Override
    boolean load(int index) {
        incoming.flip();
        int length = incoming.remaining();
        datagram.lengthBytes = length;
        InetSocketAddress sender = source;
        if (sender == null) {
            return false;
        }
        describe(sender);
        long buffer = length <= PacketBuffers.SLOT_BYTES ? buffers().takeSlot() : takeJumbo();
        if (buffer == PacketBuffers.NONE) {
            return false;
        }
        NioSendQueue.view(buffer, length).put(incoming);
        datagram.payload = buffer;
        return true;
    }

    private void describe(InetSocketAddress sender) {
        InetAddress from = sender.getAddress();
        boolean isSix = from instanceof Inet6Address;
        datagram.ipVersion = isSix ? 6 : 4;
        datagram.sourceHigh = SocketAddresses.high(from);
        datagram.sourceLow = SocketAddresses.low(from);
        datagram.sourcePort = sender.getPort();
        datagram.sourceScope = isSix ? ((Inet6Address) from).getScopeId() : 0;
        InetAddress to = destination.getAddress();
        boolean isSameFamily = to instanceof Inet6Address == isSix;
        datagram.destinationHigh = isSameFamily ? SocketAddresses.high(to) : 0;
        datagram.destinationLow = isSameFamily ? SocketAddresses.low(to) : 0;
        datagram.tos = 0;
    }

    @Override
    void close() {}
}
