package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PROXY header that a client must begin with (haproxy's proxy-protocol.txt), then makes way. A header that is
 * missing, broken, too long or late refuses the connection. Event loop's thread.
 */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {
    /** Extensions are passed over; this much of them is more than load balancers of the great clouds send. */
    private static final int MOST_EXTENSION_BYTES = 4 * 1024;

    private final TcpConnection connection;
    private final SocketChannel client;
    private final ReadGate gate;
    private @Nullable ScheduledFuture<?> timeout;
    private boolean done;

    private ProxyHeaderReader(TcpConnection connection) {
        this.connection = connection;
        this.client = connection.client();
        this.gate = connection.fromClient().gate();
    }

    /** Puts the reader in front of what the pipeline of a new, registered connection has, and starts the clock. */
    static void install(TcpConnection connection, ProxyProtocolSettings settings) {
        ProxyHeaderReader reader = new ProxyHeaderReader(connection);
        ChannelPipeline pipeline = reader.client.pipeline();
        pipeline.addFirst(
                new ProxyHeaderGuard(settings.accept()), new HAProxyMessageDecoder(MOST_EXTENSION_BYTES), reader);
        reader.timeout = reader.client
                .eventLoop()
                .schedule(reader::late, settings.headerTimeout().toNanos(), TimeUnit.NANOSECONDS);
        reader.gate.open();
        reader.client.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof HAProxyMessage header)) {
            context.fireChannelRead(message);
            return;
        }
        try {
            ClientAddress from = done ? null : address(header);
            if (from != null) {
                end();
                connection.open(from);
            } else {
                refuse();
            }
        } finally {
            header.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!done) {
            if (gate.ended()) {
                refuse();
            } else {
                client.read();
            }
        }
        context.fireChannelReadComplete();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof io.netty.handler.codec.DecoderException) {
            refuse();
        } else {
            context.fireExceptionCaught(cause);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        context.fireChannelInactive();
    }

    private void late() {
        refuse();
        connection.settle();
    }

    private void refuse() {
        if (!done) {
            end();
            connection.refuse(DropReason.BAD_PROXY_HEADER);
        }
    }

    private void end() {
        done = true;
        gate.close();
        if (timeout != null) {
            timeout.cancel(false);
        }
    }

    /** Who the header says connected; the sockets' own word for LOCAL and UNKNOWN; null for what is no TCP connection. */
    private @Nullable ClientAddress address(HAProxyMessage header) {
        if (header.command() == HAProxyCommand.LOCAL) {
            return connection.socketAddresses();
        }
        return switch (header.proxiedProtocol()) {
            case TCP4, TCP6 ->
                new ClientAddress(
                        address(header.sourceAddress(), header.sourcePort()),
                        address(header.destinationAddress(), header.destinationPort()));
            case UNKNOWN -> connection.socketAddresses();
            default -> null;
        };
    }

    private static InetSocketAddress address(String literal, int port) {
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(NetUtil.createByteArrayFromIpAddressString(literal)), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("the decoder lets only literal addresses pass", e);
        }
    }
}
