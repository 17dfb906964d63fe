package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.LatencyPoint;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.marchproxy.l3l4.stages.trace.ResidenceTimes;
import io.netty.channel.EventLoop;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * One shard's part of the TCP relay: its connections, how their sockets are set up, and the way from the egress's thread to
 * the event loop's where those differ. Event loop's thread, unless stated.
 */
final class TcpShard {
    /** IP protocol number. */
    static final int PROTOCOL = 6;

    private final ShardContext context;
    private final ShardIngress ingress;
    private final ShardEgress egress;
    private final TrafficBooks completions;
    private final LongAdder failedMarks;
    private final EgressHop hop;
    private final boolean hops;
    private final Set<TcpConnection> connections = Collections.newSetFromMap(new IdentityHashMap<>());
    private final StreamCalls streams = new StreamCalls();
    private final OpenSockets open = new OpenSockets();
    private final ChunkPool chunks = new ChunkPool();
    private final PipePool pipes;
    private final Splicing splicing;
    private final StreamSockets sockets;

    /**
     * A part without connections.
     *
     * @param mostPipes that it may have at once
     */
    TcpShard(ShardContext context, LongAdder failedMarks, int mostPipes, Splicing splicing) {
        this.context = context;
        this.ingress = context.ingress();
        this.egress = context.egress();
        this.failedMarks = failedMarks;
        this.splicing = splicing;
        this.hops = context.separateEgress();
        this.completions = hops ? ingress.books() : egress.books();
        this.hop = new EgressHop(context);
        SocketCalls calls = new SocketCalls();
        this.pipes = new PipePool(calls, streams, mostPipes);
        this.sockets = context.transport() == TransportKind.NIO
                ? new NioSockets(context.loop(), open)
                : new FdSockets(context.loop(), context.transport(), open, calls, streams);
    }

    ShardIngress ingress() {
        return ingress;
    }

    EventLoop loop() {
        return context.loop();
    }

    StreamSockets sockets() {
        return sockets;
    }

    ChunkPool chunks() {
        return chunks;
    }

    PipePool pipes() {
        return pipes;
    }

    /** What may be read at once, so that what leaves at once is no more than the burst of any limit. */
    int largestPiece(int service, int trafficClass, Direction direction) {
        return context.bursts().largestPiece(service, trafficClass, direction);
    }

    /** A flow in bulk has come to its end for now. Where another thread tells the loop what to write, it must be awake for it. */
    void rest() {
        if (!hops) {
            ingress.rest();
        }
    }

    /** Moves bytes from a socket to a pipe, or on; as {@link StreamCalls#splice}. */
    int splice(int from, int to, int bytes) {
        return splicing.splice(streams, from, to, bytes);
    }

    /** Takes bytes out of a pipe after all. */
    int readOut(Pipe from, Chunk to, int bytes) {
        return streams.read(from.readEnd(), to.address(), bytes);
    }

    void add(TcpConnection connection) {
        connections.add(connection);
    }

    void remove(TcpConnection connection) {
        connections.remove(connection);
    }

    /** Where the event loop's thread counts what the kernel took: the egress's own books, when that is the same thread. */
    TrafficBooks completionBooks() {
        return completions;
    }

    /** How long connects to backends took; the event loop's thread records. */
    ResidenceTimes connectTimes() {
        return context.latency().at(LatencyPoint.CONNECT);
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

    /** Bytes that the egress took over can't be sent any more. Those in a pipe are lost with it. */
    void lost(int service, int trafficClass, Direction direction, Payload bytes, int length) {
        completions.held(service, trafficClass, direction, -1, -length);
        completions.dropped(service, trafficClass, direction, DropReason.RESET, 1, length);
        if (bytes instanceof Chunk chunk) {
            chunks.give(chunk);
        }
    }

    // Egress thread.

    ShardEgress egress() {
        return egress;
    }

    /** Counts that the egress has taken a packet over from the stages. */
    void takenOver(PacketDescriptor packet) {
        int bytes = packet.lengthBytes();
        TrafficBooks books = egress.books();
        books.in(packet.service(), packet.trafficClass(), packet.direction(), 1, bytes);
        books.held(packet.service(), packet.trafficClass(), packet.direction(), 1, bytes);
    }

    void write(TcpConnection connection, PacketDescriptor packet, Payload bytes) {
        Direction direction = packet.direction();
        int length = packet.lengthBytes();
        int trafficClass = packet.trafficClass();
        int codePoint = packet.egressDscp();
        if (hops) {
            hop.hand(() -> connection.write(direction, bytes, length, trafficClass, codePoint));
        } else {
            connection.write(direction, bytes, length, trafficClass, codePoint);
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

    /**
     * A backend is out: connects to it that are under way go on to others. Any thread; the shard was told of the flip before.
     *
     * <p>What the stages decided before they knew may be on its way between threads still: it is carried out first. After that nobody
     * is sent there any more.
     *
     * @param resetAfterNs when connections to it are reset; negative for never
     * @param isOut whether that outage lasts still, asked then
     */
    void backendIsOut(int backend, long resetAfterNs, BooleanSupplier isOut) {
        context.passed()
                .thenRun(() -> loop().execute(() -> {
                    hop.carryOut();
                    sweep(backend, resetAfterNs == 0);
                }));
        if (resetAfterNs > 0) {
            loop().schedule(() -> sweep(backend, isOut.getAsBoolean()), resetAfterNs, TimeUnit.NANOSECONDS);
        }
    }

    private void sweep(int backend, boolean reset) {
        List.copyOf(connections).forEach(connection -> connection.backendIsOut(backend, reset));
        ingress.settle();
    }

    /** Ends all connections at once. Any thread but the event loop's. Completes when their sockets are closed. */
    CompletableFuture<Void> closeAll() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        loop().execute(() -> {
            List.copyOf(connections).forEach(connection -> connection.abort(true));
            ingress.settle();
            open.whenNone().thenRun(() -> {
                chunks.trim();
                pipes.trim();
                closed.complete(null);
            });
        });
        return closed;
    }
}
