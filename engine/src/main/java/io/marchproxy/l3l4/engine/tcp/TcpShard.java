package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannelConfig;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** One shard's part of the TCP relay: its connections, and how sockets are set up. Event loop's thread, unless stated. */
final class TcpShard {
    /** An idle connection's next read is small; a bulk flow's grows to 64 KiB, which measured best here. */
    private static final int FIRST_READ_BYTES = 2048;

    private static final int LEAST_READ_BYTES = 512;
    private static final int MOST_READ_BYTES = 64 * 1024;
    private static final int READS_PER_TURN = 4;

    private final ShardContext shard;
    private final Set<TcpConnection> connections = Collections.newSetFromMap(new IdentityHashMap<>());
    private final LongAdder connectErrors;

    TcpShard(ShardContext shard, LongAdder connectErrors) {
        this.shard = shard;
        this.connectErrors = connectErrors;
    }

    void add(TcpConnection connection) {
        connections.add(connection);
    }

    /** False when it had been removed before. */
    boolean remove(TcpConnection connection) {
        return connections.remove(connection);
    }

    LongAdder connectErrors() {
        return connectErrors;
    }

    /** Any thread. Returns when all connections are told to close. */
    void closeAll() {
        shard.loop()
                .submit(() -> List.copyOf(connections).forEach(TcpConnection::abort))
                .awaitUninterruptibly(TimeUnit.SECONDS.toMillis(5));
    }

    ChannelFuture connect(InetSocketAddress target, ServiceSettings settings, long leftNs, ChannelHandler handler) {
        long timeoutNs = Math.min(settings.connect().timeout().toNanos(), Math.max(1, leftNs));
        int timeoutMs = (int) Math.max(1, Math.ceilDiv(timeoutNs, TimeUnit.MILLISECONDS.toNanos(1)));
        return new Bootstrap()
                .group(shard.loop())
                .channelFactory(Channels.clients(shard.transport(), target))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMs)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, settings.tcpNoDelay())
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, watermark(settings))
                .handler(handler)
                .connect(target);
    }

    /** Sets an accepted socket up. */
    void configure(SocketChannelConfig config, ServiceSettings settings) {
        config.setAutoRead(false);
        config.setAllowHalfClosure(true);
        config.setTcpNoDelay(settings.tcpNoDelay());
        config.setAllocator(PooledByteBufAllocator.DEFAULT);
        config.setRecvByteBufAllocator(reads());
        config.setWriteBufferWaterMark(watermark(settings));
    }

    private static RecvByteBufAllocator reads() {
        return new AdaptiveRecvByteBufAllocator(LEAST_READ_BYTES, FIRST_READ_BYTES, MOST_READ_BYTES)
                .maxMessagesPerRead(READS_PER_TURN);
    }

    private static WriteBufferWaterMark watermark(ServiceSettings settings) {
        return new WriteBufferWaterMark(settings.bufferBytes() / 2, settings.bufferBytes());
    }
}
