package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.bench.peers.Proc;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Sends UDP as fast as one thread can, or at a rate, over {@value #FLOWS} flows in bursts of {@value #BURST}, and counts
 * what comes out at the other end.
 *
 * <p>Messages are prepared; a turn is one sendmmsg per flow. Merged, a message is a train of datagrams that the kernel
 * carries as one as far as the next socket (UDP_SEGMENT), and a receiver with UDP_GRO sees as one.
 *
 * @param port where the proxy listens
 * @param sinkPort where its backend does
 * @param datagramBytes payload of a datagram
 * @param merged whether datagrams travel in trains
 * @param perSecond datagrams a second, or 0 for as many as go
 */
record Flood(int port, int sinkPort, int datagramBytes, boolean merged, int perSecond) {
    static final int FLOWS = 8;
    static final int BURST = 8;

    /** UDP_MAX_SEGMENTS of kernels before 6.9. */
    private static final int TRAIN = 64;

    private static final int LARGEST_TRAIN_BYTES = 65_000;
    private static final long DRAIN_TURN_MS = 20;
    private static final int DRAIN_TURNS = 25;
    private static final double NS_PER_SECOND = 1e9;

    /**
     * Runs it.
     *
     * @param pids of the proxy, whose CPU time is taken
     */
    Map<String, Double> run(double seconds, List<Long> pids) throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined();
                Sockets sockets = new Sockets(arena)) {
            UdpSink sink = merged
                    ? new UdpSink.Merging(sockets, arena, sinkPort, datagramBytes)
                    : new UdpSink.InKernel(sockets, arena, sinkPort);
            int train = merged ? Math.min(TRAIN, LARGEST_TRAIN_BYTES / datagramBytes) : 1;
            Headers headers = new Headers(arena, merged ? 1 : BURST, train * datagramBytes, true);
            int[] flows = new int[FLOWS];
            for (int i = 0; i < FLOWS; i++) {
                flows[i] = sockets.connected(port);
            }
            openSessions(sockets, flows, new Headers(arena, 1, datagramBytes, true), sink);
            if (merged) {
                for (int flow : flows) {
                    sockets.udpOption(flow, SocketLayout.UDP_SEGMENT, datagramBytes);
                }
            }
            return measure(sockets, flows, headers, train, sink, seconds, pids);
        }
    }

    /** A flow's first datagram makes the proxy open a socket: that is not what a flood measures. */
    private static void openSessions(Sockets sockets, int[] flows, Headers one, UdpSink sink)
            throws SystemCallException, InterruptedException {
        for (int flow : flows) {
            sockets.send(flow, one);
        }
        drain(sink, flows.length);
    }

    private Map<String, Double> measure(
            Sockets sockets, int[] flows, Headers headers, int train, UdpSink sink, double seconds, List<Long> pids)
            throws IOException, InterruptedException {
        long countBefore = sink.count();
        double machineBefore = Proc.machineSeconds();
        double cpuBefore = Proc.cpuSeconds(pids);
        long startNs = System.nanoTime();
        long untilNs = startNs + (long) (seconds * NS_PER_SECOND);
        long turnNs = perSecond == 0 ? 0 : (long) (NS_PER_SECOND * FLOWS * headers.count() * train / perSecond);
        long nextNs = startNs;
        long messages = 0;
        long nowNs = startNs;
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
        long duringFlood = sink.count() - countBefore;
        long sent = messages * train;
        drain(sink, countBefore + sent);
        long arrived = sink.count() - countBefore;
        return Map.of(
                "sent", (double) sent,
                "arrived", (double) arrived,
                "sentPerSecond", sent * NS_PER_SECOND / (nowNs - startNs),
                "arrivedPerSecond", duringFlood * NS_PER_SECOND / (nowNs - startNs),
                "cpu", Proc.cpuSeconds(pids) - cpuBefore,
                "machine", Proc.machineSeconds() - machineBefore);
    }

    /** Waits until all has come, or nothing more does: what a proxy has in its buffers is not lost. */
    private static void drain(UdpSink sink, long expected) throws SystemCallException, InterruptedException {
        long before = -1;
        for (int i = 0; i < DRAIN_TURNS && sink.count() != before && sink.count() < expected; i++) {
            before = sink.count();
            TimeUnit.MILLISECONDS.sleep(DRAIN_TURN_MS);
            sink.turn();
        }
    }
}
