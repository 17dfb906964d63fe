package io.marchproxy.l3l4.engine.tcp;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Sockets by java.nio, for where neither io_uring nor epoll is to be had. */
final class NioSockets implements StreamSockets {
    private final EventLoop loop;
    private final OpenSockets open;

    NioSockets(EventLoop loop, OpenSockets open) {
        this.loop = loop;
        this.open = open;
    }

    @Override
    public ListeningSocket listening(InetSocketAddress address, int backlog) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(family(address));
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            channel.bind(address, backlog);
            return new NioListeningSocket(this, channel, (InetSocketAddress) channel.getLocalAddress());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public StreamSocket toBackend(InetSocketAddress address) throws IOException {
        return new NioStreamSocket(this, SocketChannel.open(family(address)), address);
    }

    EventLoop loop() {
        return loop;
    }

    OpenSockets open() {
        return open;
    }

    private static ProtocolFamily family(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address
                ? StandardProtocolFamily.INET
                : StandardProtocolFamily.INET6;
    }
}
