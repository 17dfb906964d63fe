package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection in front of the stages: turns what its sending socket brings into events.
 *
 * <p>Small messages are read into memory. When reads keep being large the bytes go through a pipe instead (splice(2)), and
 * the descriptors alone pass the stages; they say how many bytes may leave it. A pipe is held only while bytes are in it.
 *
 * <p>No piece is larger than the bursts of the limits that it will meet, so none ever makes them go into debt.
 *
 * <p>Backpressure is counted end to end: from the read until the kernel took the bytes on the other side, wherever they
 * wait in between. Chunks count with their capacity, so that a client that sends byte by byte can't fill memory with
 * nearly empty ones. At the limit reading stops, at half of it reading goes on.
 *
 * <p>Event loop's thread.
 */
final class Reader {
    /** What one read may take in: a socket's turn, so that a bulk flow does not crowd out others of the batch. */
    static final int LARGEST_READ = ChunkPool.LARGEST;

    private static final int SMALLEST_READ = 2 * 1024;

    /**
     * Reads of a socket in a turn, of those that go on because the last one was full; and more where they are small, until they come to
     * {@link #LARGEST_READ}.
     */
    private static final int READS_AT_ONCE = 4;

    /** What counts as large. */
    private static final int LARGE_READ = 32 * 1024;

    /** So many large reads in a row begin splicing, and so many small ones end it. */
    private static final int ROW = 3;

    /** What one splice may move. */
    private static final int LARGEST_SPLICE = 128 * 1024;

    /** What comes along with a header is handed on in one piece, and no burst is less. */
    private static final int HEADER_READ = 1_024;

    private static final int SHORT_READ = FdReadiness.URGENT | FdReadiness.ERROR | FdReadiness.HUNG_UP;

    private final TcpConnection connection;
    private final Direction direction;
    private final StreamSocket source;
    private final TcpShard shard;
    private final ShardIngress ingress;
    private final int limitBytes;
    private final Runnable turn = this::turn;

    private @Nullable ProxyHeaderReader header;
    private @Nullable ArrayDeque<Chunk> early;
    private @Nullable Pipe pipe;
    private int inFlightBytes;
    private int row;

    /** What was spliced since the socket was last found empty; no more than {@link #LARGEST_SPLICE} is counted. */
    private int sinceDryBytes;

    private boolean splices;

    /** The kernel has, or may have, something for us; the end and an error are something. */
    private boolean readable;

    /** A read that brings less than it could does not say that there is nothing more. */
    private boolean thorough;

    private boolean peerEnded;
    private boolean started;
    private boolean paused;
    private boolean ended;
    private boolean hasRead;
    private boolean waitsForTurn;

    /**
     * Reads one side.
     *
     * @param direction that the bytes read here go
     * @param limitBytes of buffers between this socket and the other
     */
    Reader(TcpConnection connection, Direction direction, StreamSocket source, TcpShard shard, int limitBytes) {
        this.connection = connection;
        this.direction = direction;
        this.source = source;
        this.shard = shard;
        this.ingress = shard.ingress();
        this.limitBytes = limitBytes;
    }

    /** Whether the sender's end of stream has been handed to the stages. */
    boolean isEnded() {
        return ended;
    }

    /** Whether any byte has been handed to the stages. */
    boolean hasRead() {
        return hasRead;
    }

    /** Has the stream begin with a header, which is read before {@link #start}. */
    void expect(ProxyHeaderReader wanted) {
        header = wanted;
        if (readable) {
            readInTurn();
        }
    }

    /** The header is over: reading stops until {@link #start}, and what it brought along waits until then. */
    void headerEnds(@Nullable Chunk rest) {
        header = null;
        if (rest != null) {
            early = new ArrayDeque<>(1);
            early.add(rest);
        }
    }

    /** Begins to relay, in a turn of its own: what the egress may report back while the stages run is limited. */
    void start() {
        started = true;
        if (readable || early != null) {
            readInTurn();
        }
    }

    /** The socket has changed. */
    void ready(int events) {
        if ((events & ~FdReadiness.WRITABLE) == 0) {
            return;
        }
        readable = true;
        peerEnded |= (events & FdReadiness.PEER_ENDED) != 0;
        thorough |= peerEnded || (events & SHORT_READ) != 0;
        if (reads()) {
            readOn();
        } else if ((events & FdReadiness.ERROR) != 0 && source.takeError() != 0) {
            connection.broken(direction);
        }
    }

    /** Buffers of this direction have left the proxy, or will not. */
    void leftProxy(int bytes) {
        inFlightBytes -= bytes;
        Pipe mine = pipe;
        if (mine != null && mine.isEmpty()) {
            givePipe(mine);
        }
        if (paused && inFlightBytes <= limitBytes / 2) {
            resume();
        }
    }

    /** Gives back what was read and never handed to the stages, and the pipe with whatever is in it. */
    void release() {
        ProxyHeaderReader unfinished = header;
        if (unfinished != null) {
            unfinished.release();
        }
        ArrayDeque<Chunk> unread = early;
        if (unread != null) {
            unread.forEach(shard.chunks()::give);
            early = null;
        }
        Pipe mine = pipe;
        if (mine != null) {
            givePipe(mine);
        }
    }

    private boolean reads() {
        return (started || header != null) && !paused && !ended && !connection.isOver();
    }

    private void readInTurn() {
        if (!waitsForTurn) {
            waitsForTurn = true;
            ingress.nextTurn(turn);
        }
    }

    private void turn() {
        waitsForTurn = false;
        try {
            readOn();
        } catch (RuntimeException e) {
            connection.unexpected(e);
        }
    }

    private void readOn() {
        if (started && early != null) {
            deliverEarly();
        }
        int left = splices ? 1 : READS_AT_ONCE;
        int leftBytes = splices ? 0 : LARGEST_READ;
        while ((left-- > 0 || leftBytes > 0) && readable && reads()) {
            if (splices && header == null) {
                splice();
                leftBytes = 0;
            } else {
                leftBytes -= read();
            }
        }
        if (readable && reads()) {
            readInTurn();
        }
    }

    /** Answers how much it took in, or might have: what has nothing is soon over, too. */
    private int read() {
        int most = header != null
                ? HEADER_READ
                : Math.min(
                        Math.clamp(Integer.highestOneBit(limitBytes), SMALLEST_READ, LARGEST_READ),
                        connection.largestPiece(direction));
        int received = source.read(shard.chunks().incoming(), most);
        if (received > 0) {
            readable = received == most || thorough || splices;
            Chunk bytes = shard.chunks().keep();
            ProxyHeaderReader wanted = header;
            if (wanted == null) {
                deliver(bytes, received, bytes.capacity());
                rowOf(received);
            } else {
                wanted.received(bytes);
            }
        } else {
            readNothing(received);
        }
        return most;
    }

    private void splice() {
        Pipe through = pipe;
        if (through == null) {
            through = shard.pipes().take();
            if (through == null) {
                splices = false;
                return;
            }
            pipe = through;
        }
        int most = Math.min(Math.min(LARGEST_SPLICE, limitBytes / 2), connection.largestPiece(direction));
        int moved = shard.splice(source.descriptor(), through.writeEnd(), most);
        if (moved > 0) {
            through.took(moved);
            sinceDryBytes = Math.min(sinceDryBytes + moved, LARGEST_SPLICE);
            deliver(through, moved, moved);
            rowOf(moved);
            return;
        }
        boolean isEmpty = through.isEmpty();
        if (isEmpty) {
            givePipe(through);
        }
        if (PipePool.isRefusal(moved)) {
            shard.pipes().refuse("splice(2) from a socket", -moved);
            splices = false;
        } else if (moved == -Errno.EAGAIN && !isEmpty) {
            // The pipe may be full rather than the socket empty. What leaves it comes by here.
            pause();
        } else if (moved == -Errno.EAGAIN || moved == 0) {
            // So it answers in front of an urgent mark, too, whatever is queued behind (tcp_read_sock): only recv(2)
            // steps
            // over that, and only recv(2) is believed.
            read();
            restIfDry();
        } else {
            readNothing(moved);
        }
    }

    /** What comes while the loop rests is spliced in one piece. The end of a stream is told without delay. */
    private void restIfDry() {
        if (splices && !readable && !ended && sinceDryBytes >= LARGEST_SPLICE) {
            shard.rest();
        }
        sinceDryBytes = 0;
    }

    /** Counts what speaks for the other way of reading. */
    private void rowOf(int bytes) {
        boolean begin = !splices;
        row = bytes >= LARGE_READ == begin ? row + 1 : 0;
        if (row >= ROW && (!begin || canSplice())) {
            row = 0;
            splices = begin;
        }
    }

    private boolean canSplice() {
        return limitBytes >= LARGEST_READ && connection.canSplice();
    }

    private void readNothing(int result) {
        if (result == 0) {
            readable = false;
            end();
        } else if (result == -Errno.EAGAIN) {
            readable = false;
            thorough = peerEnded;
        } else if (result != -Errno.EINTR) {
            readable = false;
            connection.broken(direction);
        }
    }

    private void deliverEarly() {
        ArrayDeque<Chunk> waiting = early;
        early = null;
        if (waiting != null) {
            waiting.forEach(chunk -> deliver(chunk, chunk.length(), chunk.capacity()));
        }
    }

    private void deliver(Payload bytes, int length, int weightBytes) {
        PacketDescriptor event = connection.claim(EventKind.DATA, direction);
        event.lengthBytes(length);
        event.payload(bytes);
        hasRead = true;
        if (splices) {
            ingress.publishBulk();
        } else {
            ingress.publish();
        }
        inFlightBytes += weightBytes;
        if (!paused && inFlightBytes >= limitBytes) {
            pause();
        }
    }

    private void end() {
        ProxyHeaderReader wanted = header;
        if (wanted != null) {
            wanted.ended();
            return;
        }
        ended = true;
        connection.claim(EventKind.FIN, direction);
        ingress.publish();
        connection.closeDone();
    }

    private void pause() {
        paused = true;
        backpressure(1);
    }

    private void resume() {
        paused = false;
        backpressure(0);
        if (readable && reads()) {
            readInTurn();
        }
    }

    private void backpressure(int state) {
        if (!connection.isOver()) {
            connection.claim(EventKind.BACKPRESSURE, direction).argument0(state);
            ingress.publishBulk();
        }
    }

    private void givePipe(Pipe mine) {
        pipe = null;
        shard.pipes().give(mine);
    }
}
