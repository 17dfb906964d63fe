package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
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

/** Makes the channels of each transport, of the address's own family where the transport lets one choose. */
final class Channels {
    private Channels() {}

    static ChannelFactory<ServerChannel> servers(TransportKind kind, InetSocketAddress address) {
        SocketProtocolFamily family = family(address);
        return switch (kind) {
            case IO_URING -> IoUringServerSocketChannel::new;
            case EPOLL -> () -> new EpollServerSocketChannel(family);
            case NIO -> () -> new NioServerSocketChannel(SelectorProvider.provider(), family);
        };
    }

    static ChannelFactory<SocketChannel> clients(TransportKind kind, InetSocketAddress address) {
        SocketProtocolFamily family = family(address);
        return switch (kind) {
            case IO_URING -> IoUringSocketChannel::new;
            case EPOLL -> () -> new EpollSocketChannel(family);
            case NIO -> () -> new NioSocketChannel(SelectorProvider.provider(), family);
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
