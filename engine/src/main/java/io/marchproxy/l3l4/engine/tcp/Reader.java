package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One direction of a connection in front of the stages: turns what its sending socket brings into events.
 *
 * <p>Backpressure is counted end to end: from the read until the kernel took the bytes on the other side, wherever they
 * wait in between. Buffers count with their capacity, so that a client that sends byte by byte can't fill memory with
 * nearly empty ones. At the limit reading stops, at half of it reading goes on.
 *
 * <p>Event loop's thread.
 */
final class Reader extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Reader.class);

    private final TcpConnection connection;
    private final Direction direction;
    private final Channel source;
    private final ShardIngress ingress;
    private final ReadGate gate;
    private final ArrayDeque<ByteBuf> early = new ArrayDeque<>(0);
    private final int limitBytes;
    private int inFlightBytes;
    private boolean started;
    private boolean paused;
    private boolean ended;
    private boolean peerIsDone;
    private boolean outputIsShut;

    /**
     * Reads one side.
     *
     * @param direction that the bytes read here go
     * @param limitBytes of buffers between this socket and the other
     */
    Reader(TcpConnection connection, Direction direction, Channel source, ShardIngress ingress, int limitBytes) {
        this.connection = connection;
        this.direction = direction;
        this.source = source;
        this.ingress = ingress;
        this.limitBytes = limitBytes;
        this.gate = new ReadGate(limitBytes);
    }

    ReadGate gate() {
        return gate;
    }

    Channel source() {
        return source;
    }

    /** Whether the sender's end of stream has been handed to the stages. */
    boolean isEnded() {
        return ended;
    }

    /** Begins to relay: first what a PROXY header's last read brought along. */
    void start() {
        if (early.isEmpty() && !gate.ended()) {
            started = true;
            readOn();
        } else {
            // What the egress may report back while the stages run is limited, so this waits for its own turn.
            source.eventLoop().execute(this::startWithEarly);
        }
    }

    private void startWithEarly() {
        if (connection.isOver()) {
            return;
        }
        started = true;
        for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
            received(bytes);
        }
        if (gate.ended()) {
            end();
        } else if (!paused) {
            readOn();
        }
        ingress.settle();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof ByteBuf bytes) || connection.isOver() || !bytes.isReadable()) {
            ReferenceCountUtil.release(message);
        } else if (started) {
            received(bytes);
        } else {
            early.add(bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (gate.takeKnock()) {
            knocked();
        }
        if (started && !ended && !connection.isOver()) {
            if (gate.ended()) {
                end();
            } else if (!paused || mustReadOut()) {
                source.read();
            }
        }
        ingress.settle();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        connection.broken(direction);
        ingress.settle();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.warn("a connection is reset because of an unexpected error", cause);
        }
        connection.broken(direction);
        ingress.settle();
    }

    /** Buffers of this direction have left the proxy, or will not. */
    void leftProxy(int bufferBytes) {
        inFlightBytes -= bufferBytes;
        if (paused && inFlightBytes <= limitBytes / 2) {
            resume();
        }
    }

    /** This socket's output is shut: with an input that is over as well, the kernel waits only for its bytes to be read. */
    void outputShut() {
        outputIsShut = true;
        readOutIfDone();
    }

    /** Gives back what was read and never handed to the stages. */
    void release() {
        early.forEach(ByteBuf::release);
        early.clear();
    }

    private void received(ByteBuf bytes) {
        int capacity = bytes.capacity();
        PacketDescriptor event = connection.claim(EventKind.DATA, direction);
        event.lengthBytes(bytes.readableBytes());
        event.payload(bytes);
        ingress.publish();
        inFlightBytes += capacity;
        if (!paused && inFlightBytes >= limitBytes) {
            pause();
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            stopReading();
            connection.claim(EventKind.FIN, direction);
            ingress.publish();
            connection.closeDone();
        }
    }

    /**
     * Takes back the wish to read. It stands as long as a read brought nothing, which is what the gate says of the end; and
     * at its end a stream is always readable, so that epoll and NIO would not come to rest.
     */
    private void stopReading() {
        source.config().setAutoRead(true);
        source.config().setAutoRead(false);
    }

    private void pause() {
        paused = true;
        if (!mustReadOut()) {
            gate.close();
        }
        backpressure(1);
    }

    private void resume() {
        paused = false;
        backpressure(0);
        if (started && !ended && !connection.isOver()) {
            readOn();
        }
    }

    private void readOn() {
        gate.open();
        source.read();
    }

    private void backpressure(int state) {
        if (!connection.isOver()) {
            connection.claim(EventKind.BACKPRESSURE, direction).argument0(state);
            ingress.publish();
        }
    }

    /**
     * The transport tried to read although it was not to, which it does when the peer has ended or reset the connection. A
     * read does not tell of a reset that follows an end, or while there are bytes to be read; the socket does.
     */
    private void knocked() {
        if (hasSocketError()) {
            connection.broken(direction);
        } else {
            peerIsDone = true;
            readOutIfDone();
        }
    }

    private void readOutIfDone() {
        if (started && !ended && paused && mustReadOut()) {
            readOn();
        }
    }

    /**
     * With its input and output over, level-triggered epoll reports a socket again and again until it is closed. What its
     * peer may have sent before is bounded by the receive window, so it is read past the limit.
     */
    private boolean mustReadOut() {
        return peerIsDone && outputIsShut;
    }

    private boolean hasSocketError() {
        try {
            return source instanceof UnixChannel unix && unix.fd() instanceof Socket socket && socket.getSoError() != 0;
        } catch (IOException e) {
            return true;
        }
    }
}
