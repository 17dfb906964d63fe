package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PROXY header that a client must begin with, then makes way. Exactly the configured version is taken; a header
 * that is missing, broken or late refuses the connection. Event loop's thread.
 */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {
    private static final String DECODER = "proxy-header-decoder";

    private final TcpConnection connection;
    private final ProxyProtocolSettings settings;
    private final SocketChannel channel;
    private @Nullable ScheduledFuture<?> timeout;
    private boolean done;

    private ProxyHeaderReader(TcpConnection connection, ProxyProtocolSettings settings, SocketChannel channel) {
        this.connection = connection;
        this.settings = settings;
        this.channel = channel;
    }

    /** Puts the reader in front of what the pipeline of a new, registered connection has, and starts the clock. */
    static void install(SocketChannel channel, TcpConnection connection, ProxyProtocolSettings settings) {
        ProxyHeaderReader reader = new ProxyHeaderReader(connection, settings, channel);
        channel.pipeline().addFirst(reader);
        channel.pipeline().addFirst(DECODER, new HAProxyMessageDecoder(true));
        reader.timeout = channel.eventLoop()
                .schedule(reader::refuse, settings.headerTimeout().toNanos(), TimeUnit.NANOSECONDS);
        channel.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (done || !(message instanceof HAProxyMessage header)) {
            context.fireChannelRead(message);
            return;
        }
        try {
            accept(header);
        } finally {
            header.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!done) {
            channel.read();
        }
        context.fireChannelReadComplete();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (!done && event instanceof ChannelInputShutdownEvent) {
            refuse();
        } else {
            context.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        refuse();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        context.fireChannelInactive();
    }

    private void accept(HAProxyMessage header) {
        boolean one = header.protocolVersion() == HAProxyProtocolVersion.V1;
        if (one != (settings.accept() == ProxyProtocolSettings.Version.V1)) {
            refuse();
            return;
        }
        ClientAddress client = client(header);
        if (client == null) {
            refuse();
            return;
        }
        end();
        connection.open(client, null);
        connection.settle();
    }

    private void refuse() {
        if (!done) {
            end();
            connection.open(
                    new ClientAddress(channel.remoteAddress(), channel.localAddress()), DropReason.BAD_PROXY_HEADER);
            connection.settle();
        }
    }

    private void end() {
        done = true;
        if (timeout != null) {
            timeout.cancel(false);
        }
    }

    /** Who the header says connected; the socket's own addresses for LOCAL and UNKNOWN; null for what TCP can't be. */
    private @Nullable ClientAddress client(HAProxyMessage header) {
        if (header.command() == HAProxyCommand.LOCAL) {
            return new ClientAddress(channel.remoteAddress(), channel.localAddress());
        }
        return switch (header.proxiedProtocol()) {
            case TCP4, TCP6 ->
                new ClientAddress(
                        address(header.sourceAddress(), header.sourcePort()),
                        address(header.destinationAddress(), header.destinationPort()));
            case UNKNOWN -> new ClientAddress(channel.remoteAddress(), channel.localAddress());
            default -> null;
        };
    }

    private static InetSocketAddress address(String literal, int port) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(literal);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("the decoder lets only literal addresses pass", e);
        }
    }
}
