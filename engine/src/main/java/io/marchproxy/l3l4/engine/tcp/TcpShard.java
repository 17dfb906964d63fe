package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketChannelConfig;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/**
 * One shard's part of the TCP relay: its connections, how their sockets are set up, and the way from the egress's thread to
 * the event loop's where those differ. Event loop's thread, unless stated.
 */
final class TcpShard {
    /** IP protocol number. */
    static final int PROTOCOL = 6;

    /** Netty's own watermarks are out of the game: {@link Reader} counts what is under way from end to end. */
    private static final WriteBufferWaterMark NO_WATERMARK =
            new WriteBufferWaterMark(Integer.MAX_VALUE - 1, Integer.MAX_VALUE);

    private final ShardContext context;
    private final ShardIngress ingress;
    private final ShardEgress egress;
    private final TrafficBooks completions;
    private final LongAdder failedMarks;
    private final EgressHop hop;
    private final boolean hops;
    private final Set<TcpConnection> connections = Collections.newSetFromMap(new IdentityHashMap<>());

    TcpShard(ShardContext context, LongAdder failedMarks) {
        this.context = context;
        this.ingress = context.ingress();
        this.egress = context.egress();
        this.failedMarks = failedMarks;
        this.hops = context.separateEgress();
        this.completions = hops ? ingress.books() : egress.books();
        this.hop = new EgressHop(context);
    }

    ShardIngress ingress() {
        return ingress;
    }

    EventLoop loop() {
        return context.loop();
    }

    TransportKind transport() {
        return context.transport();
    }

    void add(TcpConnection connection) {
        connections.add(connection);
    }

    void remove(TcpConnection connection) {
        connections.remove(connection);
    }

    /** Sets up a connection's socket. */
    void configure(SocketChannel channel, Reader reader, ServiceSettings settings) {
        SocketChannelConfig config = channel.config();
        config.setAutoRead(false);
        config.setTcpNoDelay(settings.tcpNoDelay());
        config.setAllocator(PooledByteBufAllocator.DEFAULT);
        config.setRecvByteBufAllocator(reader.gate());
        config.setWriteBufferWaterMark(NO_WATERMARK);
    }

    /** Where the event loop's thread counts what the kernel took: the egress's own books, when that is the same thread. */
    TrafficBooks completionBooks() {
        return completions;
    }

    /** A code point could not be set on a socket. */
    void markFailed() {
        failedMarks.increment();
    }

    /** Has a writer flushed when the present batch is through. */
    void dirty(BatchedEgress writer) {
        if (hops) {
            hop.dirty(writer);
        } else {
            egress.dirty(writer);
        }
    }

    /** Bytes that the egress took over can't be sent any more. */
    void lost(int service, int trafficClass, Direction direction, ByteBuf bytes) {
        int length = bytes.readableBytes();
        completions.held(service, trafficClass, direction, -1, -length);
        completions.dropped(service, trafficClass, direction, DropReason.RESET, 1, length);
        bytes.release();
    }

    // Egress thread.

    ShardEgress egress() {
        return egress;
    }

    /** Counts that the egress has taken a packet over from the stages. */
    void takenOver(PacketDescriptor packet, int bytes) {
        TrafficBooks books = egress.books();
        books.in(packet.service(), packet.trafficClass(), packet.direction(), 1, bytes);
        books.held(packet.service(), packet.trafficClass(), packet.direction(), 1, bytes);
    }

    void write(TcpConnection connection, Direction direction, ByteBuf bytes, int trafficClass, int codePoint) {
        if (hops) {
            hop.hand(() -> connection.write(direction, bytes, trafficClass, codePoint));
        } else {
            connection.write(direction, bytes, trafficClass, codePoint);
        }
    }

    /** Runs an action on the event loop's thread, after all those before it: at once when that is this thread. */
    void onLoop(Runnable action) {
        if (hops) {
            hop.hand(action);
        } else {
            action.run();
        }
    }

    void bind(long flowRef, TcpConnection connection) {
        hop.unbindLeft();
        egress.bind(flowRef, connection);
    }

    // Event loop's thread again.

    void unbind(long flowRef) {
        if (hops) {
            hop.unbindLater(flowRef);
        } else {
            egress.unbind(flowRef);
        }
    }

    /** Ends all connections at once. Any thread but the event loop's. Completes when their sockets are closed. */
    CompletableFuture<Void> closeAll() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        loop().execute(() -> {
            List<TcpConnection> all = List.copyOf(connections);
            CompletableFuture<?>[] sockets = all.stream()
                    .map(connection -> closed(connection.client().closeFuture()))
                    .toArray(CompletableFuture[]::new);
            all.forEach(connection -> connection.abort(true));
            ingress.settle();
            CompletableFuture.allOf(sockets).thenRun(() -> closed.complete(null));
        });
        return closed;
    }

    private static CompletableFuture<Void> closed(ChannelFuture future) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        future.addListener(done -> result.complete(null));
        return result;
    }
}
