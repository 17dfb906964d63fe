package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;

/**
 * Sends UDP as fast as one thread can, or at a rate, over {@value #FLOWS} flows in bursts of {@value #BURST}, and counts
 * what comes out at the other end.
 *
 * <p>Messages are prepared; a turn is one sendmmsg per flow. Merged, a message is a train of datagrams that the kernel
 * carries as one as far as the next socket (UDP_SEGMENT), and a receiver with UDP_GRO sees as one.
 */
final class Flood implements AutoCloseable {
    /** Flows, each of which has a socket and a port of its own. */
    static final int FLOWS = 8;

    /** Datagrams that one flow sends before the next has its turn. */
    static final int BURST = 8;

    /** UDP_MAX_SEGMENTS of kernels before 6.9. */
    private static final int TRAIN = 64;

    private static final int LARGEST_TRAIN_BYTES = 65_000;
    private static final long DRAIN_TURN_MS = 20;
    private static final int DRAIN_TURNS = 50;
    private static final int QUIET_TURNS = 3;
    private static final double NS_PER_SECOND = 1e9;

    private final Arena arena = Arena.ofConfined();
    private final Sockets sockets = new Sockets(arena);
    private final int[] flows = new int[FLOWS];
    private final UdpSink sink;
    private final Headers headers;
    private final int train;

    /**
     * What was sent and came.
     *
     * @param sent datagrams
     * @param arrived of these, also after the last was sent
     * @param arrivedMeanwhile of these, while sending went on
     * @param seconds that sending took
     */
    record Trial(long sent, long arrived, long arrivedMeanwhile, double seconds) {}

    /**
     * Opens sockets, and the proxy's sessions: a flow's first datagram makes it open a socket, which is not what a flood
     * measures.
     *
     * @param port where the proxy listens
     * @param sink its backend
     * @param datagramBytes payload of a datagram
     * @param merged whether datagrams travel in trains
     */
    Flood(int port, UdpSink sink, int datagramBytes, boolean merged) throws SystemCallException, InterruptedException {
        this.sink = sink;
        sink.begin(datagramBytes);
        train = merged ? Math.min(TRAIN, LARGEST_TRAIN_BYTES / datagramBytes) : 1;
        headers = new Headers(arena, merged ? 1 : BURST, train * datagramBytes, true);
        Headers first = new Headers(arena, 1, datagramBytes, true);
        for (int i = 0; i < FLOWS; i++) {
            flows[i] = sockets.connected(port);
            sockets.send(flows[i], first);
        }
        drain(sink.count() + FLOWS);
        if (merged) {
            for (int flow : flows) {
                sockets.udpOption(flow, SocketLayout.UDP_SEGMENT, datagramBytes);
            }
        }
    }

    /**
     * Sends for so many seconds.
     *
     * @param perSecond datagrams a second, or 0 for as many as go
     */
    Trial run(double seconds, double perSecond) throws SystemCallException, InterruptedException {
        long countBefore = sink.count();
        long turnNs = perSecond == 0 ? 0 : (long) (NS_PER_SECOND * FLOWS * headers.count() * train / perSecond);
        long startNs = System.nanoTime();
        long untilNs = startNs + (long) (seconds * NS_PER_SECOND);
        long nextNs = startNs;
        long nowNs = startNs;
        long messages = 0;
        while (nowNs - untilNs < 0) {
            if (nowNs - nextNs >= 0) {
                for (int flow : flows) {
                    messages += sockets.send(flow, headers);
                }
                nextNs += turnNs;
            }
            sink.turn();
            nowNs = System.nanoTime();
        }
        long arrivedMeanwhile = sink.count() - countBefore;
        long sent = messages * train;
        drain(countBefore + sent);
        return new Trial(sent, sink.count() - countBefore, arrivedMeanwhile, (nowNs - startNs) / NS_PER_SECOND);
    }

    /** Waits until all has come, or nothing more does for a while: what a proxy has in its buffers is not lost. */
    private void drain(long expected) throws SystemCallException, InterruptedException {
        long before = sink.count();
        int quietTurns = 0;
        for (int i = 0; i < DRAIN_TURNS && quietTurns < QUIET_TURNS && before < expected; i++) {
            TimeUnit.MILLISECONDS.sleep(DRAIN_TURN_MS);
            sink.turn();
            quietTurns = sink.count() == before ? quietTurns + 1 : 0;
            before = sink.count();
        }
    }

    @Override
    public void close() {
        sockets.close();
        arena.close();
    }
}
