package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.spi.SelectorProvider;

/**
 * Makes the sockets of each transport, of the address's own family where the transport lets one choose. Those of io_uring
 * are always IPv6 sockets, which speak IPv4 with mapped addresses (RFC 4291, 2.5.5.2); Netty shows them as what they stand for.
 */
final class Channels {
    private Channels() {}

    /** A socket to listen with, not bound yet. An IPv6 one bound to the wildcard takes IPv4 clients as well. */
    static ServerSocketChannel listening(TransportKind kind, InetSocketAddress address) {
        return switch (kind) {
            case IO_URING -> new IoUringServerSocketChannel();
            case EPOLL -> new EpollServerSocketChannel(family(address));
            case NIO -> new NioServerSocketChannel(SelectorProvider.provider(), family(address));
        };
    }

    /** A socket to connect with. */
    static SocketChannel toBackend(TransportKind kind, InetSocketAddress address) {
        return switch (kind) {
            case IO_URING -> new IoUringSocketChannel();
            case EPOLL -> new EpollSocketChannel(family(address));
            case NIO -> new NioSocketChannel(SelectorProvider.provider(), family(address));
        };
    }

    /** The option that lets several shards listen on one port. */
    static ChannelOption<Boolean> reusePort(TransportKind kind) {
        return kind == TransportKind.NIO
                ? NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT)
                : UnixChannelOption.SO_REUSEPORT;
    }

    private static SocketProtocolFamily family(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address ? SocketProtocolFamily.INET : SocketProtocolFamily.INET6;
    }
}
