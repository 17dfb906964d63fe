package io.marchproxy.l3l4.bench.peers;

import io.marchproxy.l3l4.bench.peers.load.LoadCommand;
import io.marchproxy.l3l4.bench.peers.load.RoundLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Performs one measurement with one peer, which has the CPU to itself meanwhile. */
final class Meter {
    private static final int LATENCY_PER_SECOND = 50_000;
    private static final double TRIAL_SECONDS = 0.4;

    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 1_400;
    private static final int WARM_UP_CONNECTIONS = 500;
    private static final double KILO = 1e3;
    private static final double GIGA = 1e9;
    private static final double MICROS = 1e6;
    private static final double PERCENT = 100;
    private static final long SETTLE_MS = 50;
    private static final long BUSY_MS = 100;
    private static final int IPERF_TRIES = 30;
    private static final long IDLE_SETTLE_MS = 1_000;

    private final Stand stand;
    private final int idleConnections;

    Meter(Stand stand, int idleConnections) {
        this.stand = stand;
        this.idleConnections = idleConnections;
    }

    /**
     * Measures for so many seconds.
     *
     * @param log where latencies are added, if the measurement has any; null for nowhere
     */
    Map<Metric, Double> measure(Kind kind, Peer peer, int seconds, @Nullable Path log)
            throws IOException, InterruptedException {
        if (kind == Kind.IDLE) {
            return idle(peer);
        }
        stand.resume(peer);
        try {
            return switch (kind) {
                case TCP1 -> tcp(peer, 1, seconds);
                case TCP4 -> tcp(peer, 4, seconds);
                case WRK1 -> wrk(kind, peer, 1, seconds, log);
                case WRK64 -> wrk(kind, peer, 64, seconds, log);
                case UDP64 -> flood(peer, SMALL_BYTES, false, seconds);
                case UDP1400 -> flood(peer, LARGE_BYTES, false, seconds);
                case UDP64_LOSSLESS -> lossless(peer);
                case UDP64_MERGED -> flood(peer, SMALL_BYTES, true, seconds);
                case UDP1400_MERGED -> flood(peer, LARGE_BYTES, true, seconds);
                case UDP64_LATENCY -> latency(kind, peer, SMALL_BYTES, seconds, log);
                case UDP1400_LATENCY -> latency(kind, peer, LARGE_BYTES, seconds, log);
                case IDLE -> throw new IllegalStateException("has proxies of its own");
            };
        } finally {
            // What the load left open is closed, and its ends are passed on.
            TimeUnit.MILLISECONDS.sleep(SETTLE_MS);
            stand.pause(peer);
        }
    }

    private Map<Metric, Double> tcp(Peer peer, int streams, int seconds) throws IOException, InterruptedException {
        List<Long> pids = stand.pids(peer);
        double cpuBefore = Proc.cpuSeconds(pids);
        double machineBefore = Proc.machineSeconds();
        IperfResult result = iperf(Port.BULK.of(peer), streams, seconds);
        double gigabytes = result.bytes() / GIGA;
        Map<Metric, Double> values = new EnumMap<>(Metric.class);
        values.put(Metric.GBITS, result.bitsPerSecond() / GIGA);
        values.put(Metric.MACHINE_CPU_PER_GB, (Proc.machineSeconds() - machineBefore) / gigabytes);
        if (peer != Peer.DIRECT) {
            values.put(Metric.PROXY_CPU_PER_GB, (Proc.cpuSeconds(pids) - cpuBefore) / gigabytes);
        }
        return values;
    }

    /** Its one server may still see the connections of the turn before, and is asked again then. */
    private IperfResult iperf(int port, int streams, int seconds) throws IOException, InterruptedException {
        String[] command = {"iperf3", "-J", "-c", "127.0.0.1", "-p", "" + port, "-t", "" + seconds, "-P", "" + streams};
        for (int tries = 1; ; tries++) {
            try {
                return IperfResult.parse(stand.run(command));
            } catch (IOException e) {
                if (tries == IPERF_TRIES || !String.valueOf(e.getMessage()).contains("busy")) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(BUSY_MS);
            }
        }
    }

    private Map<Metric, Double> wrk(Kind kind, Peer peer, int connections, int seconds, @Nullable Path log)
            throws IOException, InterruptedException {
        List<Long> pids = stand.pids(peer);
        double cpuBefore = Proc.cpuSeconds(pids);
        long startMs = System.currentTimeMillis();
        String report = stand.run(
                "wrk",
                "--latency",
                "-s",
                stand.wrkScript(),
                "-t1",
                "-c" + connections,
                "-d" + seconds + "s",
                "http://127.0.0.1:" + Port.WEB.of(peer) + "/");
        WrkResult result = WrkResult.parse(report);
        if (log != null) {
            RoundLog.add(log, kind.key(), WrkLatencies.parse(report), startMs, System.currentTimeMillis());
        }
        Map<Metric, Double> values = new EnumMap<>(Metric.class);
        values.put(Metric.RATE, result.perSecond());
        values.put(Metric.P50, result.p50Us());
        values.put(Metric.P99, result.p99Us());
        if (peer != Peer.DIRECT) {
            values.put(Metric.CPU_PER_REQUEST, (Proc.cpuSeconds(pids) - cpuBefore) * MICROS / result.requests());
        }
        return values;
    }

    private Map<Metric, Double> flood(Peer peer, int bytes, boolean merged, int seconds) throws IOException {
        Port port = merged ? Port.TRAINS : Port.FLOOD;
        LoadAnswer found =
                stand.load().perform(withPids(peer, "flood", port.of(peer), port.backend(), bytes, merged, seconds));
        Map<Metric, Double> values = udp(peer, found);
        values.put(Metric.FORWARDED, found.get("arrivedPerSecond") / KILO);
        return values;
    }

    private Map<Metric, Double> lossless(Peer peer) throws IOException {
        LoadAnswer found = stand.load()
                .perform("lossless", Port.FLOOD.of(peer), Port.FLOOD.backend(), SMALL_BYTES, false, TRIAL_SECONDS);
        return Map.of(Metric.LOSSLESS, found.get("perSecond") / KILO);
    }

    private Map<Metric, Double> latency(Kind kind, Peer peer, int bytes, int seconds, @Nullable Path log)
            throws IOException {
        LoadAnswer found = stand.load()
                .perform(withPids(
                        peer,
                        "latency",
                        Port.LATENCY.of(peer),
                        Port.LATENCY.backend(),
                        bytes,
                        LATENCY_PER_SECOND,
                        seconds,
                        log == null ? LoadCommand.NO_LOG : log.toUri(),
                        kind.key()));
        Map<Metric, Double> values = udp(peer, found);
        values.put(Metric.P50, found.get("p50Us"));
        values.put(Metric.P99, found.get("p99Us"));
        return values;
    }

    private static Map<Metric, Double> udp(Peer peer, LoadAnswer found) throws IOException {
        double arrived = found.get("arrived");
        if (arrived == 0) {
            throw new IOException("no datagram came through: " + peer.label());
        }
        Map<Metric, Double> values = new EnumMap<>(Metric.class);
        values.put(Metric.LOST, Math.max(0, PERCENT * (1 - arrived / found.get("sent"))));
        values.put(Metric.MACHINE_PER_MILLION, found.get("machine") * MICROS / arrived);
        if (peer != Peer.DIRECT) {
            values.put(Metric.CPU_PER_MILLION, found.get("cpu") * MICROS / arrived);
        }
        return values;
    }

    private Object[] withPids(Peer peer, Object... words) {
        List<Object> all = new ArrayList<>(List.of(words));
        all.addAll(stand.pids(peer));
        return all.toArray();
    }

    /** A proxy that has only been warmed a little by connections of the same kind, since what ran before leaves its memory. */
    private Map<Metric, Double> idle(Peer peer) throws IOException, InterruptedException {
        stand.start(peer);
        try {
            stand.load().perform("idle", Port.IDLE.of(peer), Port.IDLE.backend(), WARM_UP_CONNECTIONS);
            TimeUnit.MILLISECONDS.sleep(IDLE_SETTLE_MS);
            double before = Proc.memoryBytes(stand.pids(peer));
            stand.load().perform("idle", Port.IDLE.of(peer), Port.IDLE.backend(), idleConnections);
            TimeUnit.MILLISECONDS.sleep(IDLE_SETTLE_MS);
            double after = Proc.memoryBytes(stand.pids(peer));
            return Map.of(
                    Metric.KB_PER_CONNECTION,
                    (after - before) / KILO / (idleConnections - WARM_UP_CONNECTIONS),
                    Metric.MEGABYTES,
                    after / MICROS);
        } finally {
            stand.load().perform("release");
            stand.stop(peer);
        }
    }
}
