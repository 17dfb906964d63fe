package io.marchproxy.l3l4.engine.demo;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the TCP clients share: connecting, and telling a connection that the kill cut from one that the proxy lost. */
abstract class StreamClient implements Runnable {
    /** A cut that shows later than this after the kill is the proxy's fault. */
    private static final long CUT_SHOWS_WITHIN_NS = TimeUnit.SECONDS.toNanos(2);

    private static final int TIMEOUT_MS = 5_000;

    final Scoreboard board;
    private final InetSocketAddress proxy;
    private boolean recovering;
    private long begunNs;

    volatile boolean stopping;
    volatile @Nullable SocketChannel connection;

    StreamClient(InetSocketAddress proxy, Scoreboard board) {
        this.proxy = proxy;
        this.board = board;
    }

    /** Lets it end with what it has begun. */
    final void stop() {
        stopping = true;
    }

    /** Ends a client that waits for an answer which will not come; what is missing is then counted as lost. */
    final void abort() {
        SocketChannel open = connection;
        if (open != null) {
            try {
                open.close();
            } catch (IOException _) {
                // Closed is closed.
            }
        }
    }

    /** Opens a connection to the proxy. */
    final SocketChannel connect() throws IOException {
        begunNs = System.nanoTime();
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(proxy, TIMEOUT_MS);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        connection = channel;
        board.tcpConnections.increment();
        return channel;
    }

    /** The byte with which a backend greets: its number. */
    final int greeting(SocketChannel channel) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        readFully(channel, one);
        int backend = one.get(0);
        if (backend < 0 || backend >= Scoreboard.BACKENDS) {
            board.wrongBytes.increment();
            throw new IOException("greeted by nobody that we know");
        }
        return backend;
    }

    static void readFully(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("closed by the other side");
            }
        }
    }

    /**
     * Whether a broken connection is the kill's doing.
     *
     * @param backend that served it, or −1 if it had not greeted yet
     */
    final boolean cutByKill(int backend) {
        boolean cut = board.mayHaveReachedTheKilled(begunNs)
                && (backend < 0 || backend == board.killed())
                && System.nanoTime() - board.killedNs() < CUT_SHOWS_WITHIN_NS;
        if (cut) {
            board.cutConnections.increment();
            recovering = true;
        }
        return cut;
    }

    /** An answer arrived: if the connection before was cut, the gap ends here. */
    final void answered(long nowNs) {
        if (recovering) {
            recovering = false;
            board.tcpRecovered(nowNs);
        }
    }
}
