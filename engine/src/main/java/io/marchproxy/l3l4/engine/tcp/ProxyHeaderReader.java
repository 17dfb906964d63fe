package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PROXY header that a client must begin with (haproxy's proxy-protocol.txt), then makes way. A header that is
 * missing, broken, too long or late refuses the connection. Event loop's thread.
 */
final class ProxyHeaderReader {
    /** Extensions are passed over; this much of them is more than load balancers of the great clouds send. */
    private static final int MOST_EXTENSION_BYTES = 4 * 1024;

    private final TcpConnection connection;
    private final TcpShard shard;
    private final EmbeddedChannel decoder;
    private @Nullable Future<?> timeout;
    private boolean done;

    private ProxyHeaderReader(TcpConnection connection, TcpShard shard, ProxyProtocolSettings settings) {
        this.connection = connection;
        this.shard = shard;
        this.decoder = new EmbeddedChannel(
                new ProxyHeaderGuard(settings.accept()), new HAProxyMessageDecoder(MOST_EXTENSION_BYTES));
    }

    /** Has a new connection read its header first, and starts the clock. */
    static void install(TcpConnection connection, TcpShard shard, ProxyProtocolSettings settings) {
        ProxyHeaderReader reader = new ProxyHeaderReader(connection, shard, settings);
        reader.timeout =
                shard.loop().schedule(reader::late, settings.headerTimeout().toNanos(), TimeUnit.NANOSECONDS);
        connection.fromClient().expect(reader);
    }

    /** Bytes came, which are the reader's now. */
    void received(Chunk bytes) {
        try {
            decoder.writeInbound(Unpooled.copiedBuffer(bytes.bytes()));
        } catch (DecoderException e) {
            refuse();
        } finally {
            shard.chunks().give(bytes);
        }
        Object decoded = done ? null : decoder.readInbound();
        if (decoded instanceof HAProxyMessage header) {
            try {
                begin(header);
            } finally {
                header.release();
            }
        } else {
            ReferenceCountUtil.release(decoded);
        }
    }

    /** The stream ended within the header. */
    void ended() {
        refuse();
    }

    /** The connection is over. */
    void release() {
        if (!done) {
            end(null);
        }
    }

    private void begin(HAProxyMessage header) {
        ClientAddress from = address(header);
        if (from == null) {
            refuse();
        } else {
            end(rest());
            connection.open(from);
        }
    }

    /** What came behind the header. */
    private @Nullable Chunk rest() {
        if (!(decoder.readInbound() instanceof ByteBuf behind)) {
            return null;
        }
        try {
            Chunk rest = shard.chunks().take(behind.readableBytes());
            rest.fill(behind);
            return rest;
        } finally {
            behind.release();
        }
    }

    private void late() {
        refuse();
        connection.settle();
    }

    private void refuse() {
        if (!done) {
            end(null);
            connection.refuse(DropReason.BAD_PROXY_HEADER);
        }
    }

    private void end(@Nullable Chunk rest) {
        done = true;
        if (timeout != null) {
            timeout.cancel(false);
        }
        connection.fromClient().headerEnds(rest);
        decoder.finishAndReleaseAll();
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
