package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * One-way latency at a steady rate: each datagram carries its number and when it was due to be sent, and is received on the same
 * thread, by the same clock. Sending waits for no answer and counts from the moment it was due, so a stall shows in every datagram
 * that it delays (no coordinated omission). The thread spins, so that no wake-up of its own adds to what it measures; where it was
 * itself late by more than a millisecond, what it missed is counted and left out rather than sent in a bunch.
 *
 * @param port where the proxy listens
 * @param sink descriptor of its backend
 * @param datagramBytes payload of a datagram, 16 or more
 * @param perSecond datagrams a second, over {@value Flood#FLOWS} flows in turns
 */
record LatencyProbe(int port, int sink, int datagramBytes, int perSecond) {
    private static final int DUE_AT = 0;
    private static final int NUMBER = 8;
    private static final int RECEIVE_BATCH = 64;
    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LAST_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Takes what was measured. */
    interface Log {
        void add(Histogram latencies, long startMs, long endMs) throws IOException;
    }

    /** Runs it; {@code pids} are the proxy's, whose CPU time is taken. */
    Map<String, Double> run(double seconds, List<Long> pids, Log log) throws IOException {
        try (Arena arena = Arena.ofConfined();
                Sockets sockets = new Sockets(arena)) {
            int[] flows = new int[Flood.FLOWS];
            for (int i = 0; i < flows.length; i++) {
                flows[i] = sockets.connected(port);
            }
            Run run = new Run(sockets, flows, sink, arena, datagramBytes);
            // The flows' first datagrams open sessions.
            run.send(TimeUnit.MILLISECONDS.toNanos(200), perSecond);
            run.forget();
            long startMs = System.currentTimeMillis();
            CpuMeter cpu = new CpuMeter(pids);
            double tookSeconds = run.send((long) (seconds * TimeUnit.SECONDS.toNanos(1)), perSecond);
            Map<String, Double> answer = new TreeMap<>();
            cpu.stop(answer);
            log.add(run.latency, startMs, System.currentTimeMillis());
            answer.put("sent", (double) run.sent);
            answer.put("arrived", (double) run.arrived);
            answer.put("missed", (double) run.missed);
            answer.put("sentPerSecond", run.sent / tookSeconds);
            answer.put("p50Us", run.latency.getValueAtPercentile(50) / 1e3);
            answer.put("p99Us", run.latency.getValueAtPercentile(99) / 1e3);
            return answer;
        }
    }

    private static final class Run {
        private final Sockets sockets;
        private final int[] flows;
        private final int sink;
        private final Headers outgoing;
        private final Headers incoming;
        private final Histogram latency = new Histogram(LONGEST_NS, 3);
        /** Higher than any of an earlier probe, whose stragglers are left out. */
        private long number = System.nanoTime();

        private long firstNumber = number;
        private long sent;
        private long arrived;
        private long missed;

        Run(Sockets sockets, int[] flows, int sink, Arena arena, int datagramBytes) {
            this.sockets = sockets;
            this.flows = flows;
            this.sink = sink;
            outgoing = new Headers(arena, 1, datagramBytes, false);
            incoming = new Headers(arena, RECEIVE_BATCH, datagramBytes, false);
        }

        void forget() {
            latency.reset();
            firstNumber = number;
            sent = 0;
            arrived = 0;
            missed = 0;
        }

        /** Sends for so long and waits for the last; answers the seconds of sending. */
        double send(long forNs, int perSecond) throws IOException {
            long gapNs = TimeUnit.SECONDS.toNanos(1) / perSecond;
            long startNs = System.nanoTime();
            long nextNs = startNs;
            long nowNs = startNs;
            while (nowNs - startNs < forNs) {
                if (nowNs - nextNs >= 0) {
                    if (nowNs - nextNs > LATE_NS) {
                        missed += (nowNs - nextNs) / gapNs;
                        nextNs = nowNs;
                    }
                    sendOne(nextNs);
                    nextNs += gapNs;
                }
                receive();
                nowNs = System.nanoTime();
            }
            long endNs = nowNs;
            while (arrived < sent && nowNs - endNs < LAST_WAIT_NS) {
                receive();
                nowNs = System.nanoTime();
            }
            return (endNs - startNs) / 1e9;
        }

        private void sendOne(long dueNs) throws IOException {
            long payload = outgoing.payloadAt(0);
            Memory.putLong(payload + NUMBER, number);
            Memory.putLong(payload + DUE_AT, dueNs);
            sent += sockets.send(flows[(int) (number % flows.length)], outgoing);
            number++;
        }

        private void receive() throws IOException {
            int count = sockets.receive(sink, incoming);
            long nowNs = System.nanoTime();
            for (int i = 0; i < count; i++) {
                long payload = incoming.payloadAt(i);
                long which = Memory.getLong(payload + NUMBER);
                if (which >= number) {
                    throw new IOException("a datagram came that nobody sent: the proxy changed it");
                }
                if (which >= firstNumber) {
                    arrived++;
                    latency.recordValue(Math.min(LONGEST_NS, Math.max(0, nowNs - Memory.getLong(payload + DUE_AT))));
                }
            }
        }
    }
}
