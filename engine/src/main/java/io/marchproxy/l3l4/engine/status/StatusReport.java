package io.marchproxy.l3l4.engine.status;

import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.latency.LatencyLogStatus;
import io.marchproxy.l3l4.engine.state.FlowStateStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The whole service as of one moment.
 *
 * @param configurationHash of the configuration in force
 * @param reloads configurations taken into force since the start
 * @param reloadsRefused configurations refused since the start
 * @param ready false before all listeners are open and while draining
 * @param unexpectedErrors errors that loops survived
 * @param clouds what is routed where among clouds, and what it costs
 * @param journals of each shard; empty when the journal is off
 * @param latencyLogs of each shard; empty when latencies are not logged
 * @param queues of each class and direction that has held packets
 * @param policing of rules that police and saw packets
 */
public record StatusReport(
        String version,
        long uptimeNs,
        String configurationHash,
        long reloads,
        long reloadsRefused,
        boolean ready,
        boolean draining,
        String transport,
        String mode,
        long unexpectedErrors,
        List<ShardStatus> shards,
        List<ServiceStatus> services,
        List<BackendStatus> backends,
        CloudStatus clouds,
        List<JournalStatus> journals,
        List<LatencyLogStatus> latencyLogs,
        @Nullable FlowStateReport flowState,
        List<BooksLine> books,
        List<QueueStatus> queues,
        List<PoliceLine> policing,
        PlacementStatus placement) {

    /**
     * What packets of a class have waited for a rate, of all services.
     *
     * @param direction {@code to-backend} or {@code to-client}
     * @param delaysNs of those that waited and have left since the start, in nanoseconds
     */
    public record QueueStatus(String trafficClass, String direction, Histogram delaysNs) {}

    /**
     * What a rule that polices found of its packets in a direction.
     *
     * @param rule its conditions, which it is known by over reloads
     * @param color {@code conform}, {@code exceed} or {@code violate}
     */
    public record PoliceLine(String rule, String direction, String color, long packets, long bytes) {}

    /**
     * What is remembered of flows.
     *
     * @param found UDP sessions of before the start whose clients came back
     * @param awaited UDP sessions of before the start whose clients may come back yet; each shard awaits all that it was told of
     */
    public record FlowStateReport(FlowStateStatus status, long found, long awaited) {}

    /**
     * What of the machine is used, and how.
     *
     * @param reason why the mode is what it is
     * @param cpus that the process may use, as the kernel writes lists
     * @param cores physical cores that these belong to
     * @param spinNs how long a thread without work looks for some
     * @param steering of new TCP connections to nodes: {@code off}, {@code by node}, or why it was refused
     * @param notes what could not be had of what was asked for
     * @param interrupts commands that would send network interrupts to the shards' CPUs
     */
    public record PlacementStatus(
            String reason,
            String cpus,
            int cores,
            boolean numa,
            List<NodeStatus> nodes,
            long spinNs,
            String steering,
            List<String> notes,
            List<String> interrupts) {}

    /**
     * One NUMA node with CPUs for this process.
     *
     * @param shards that run on it; none unless placed by node
     * @param memoryBound whether all memory of these shards is bound to it
     */
    public record NodeStatus(int id, String cpus, int cores, List<Integer> shards, boolean memoryBound) {}

    /**
     * One shard.
     *
     * @param cpus that its threads are pinned to; empty when the scheduler places them
     */
    public record ShardStatus(int id, List<Integer> cpus, long flows, long maxFlows, long ringUsed, long ringSlots) {}

    /**
     * One service and protocol.
     *
     * @param protocol {@code tcp} or {@code udp}
     * @param active false when a reload took it away and only its old flows live on
     * @param connections live TCP connections or UDP sessions
     * @param total connections or sessions since the start
     * @param tcp what only TCP connections have; null for UDP
     */
    public record ServiceStatus(
            int id,
            String name,
            String protocol,
            boolean active,
            List<String> listen,
            String trafficClass,
            long connections,
            long maxConnections,
            long total,
            @Nullable TcpStatus tcp) {}

    /**
     * What became of a service's TCP connections since the start.
     *
     * @param acceptPauses times that a listener stopped accepting for want of file descriptors
     * @param retries connects that another backend was tried for
     * @param durationsMs how long connections lived that have ended, in milliseconds
     */
    public record TcpStatus(long acceptPauses, long retries, Histogram durationsMs) {
        /** Both together. */
        public TcpStatus plus(TcpStatus other) {
            Histogram sum = durationsMs.copy();
            sum.add(other.durationsMs);
            return new TcpStatus(acceptPauses + other.acceptPauses, retries + other.retries, sum);
        }
    }

    /**
     * One backend of one service and protocol.
     *
     * @param costPerGb in the currency of the configuration, per 10^9 bytes
     * @param cost so far of bytes sent from this backend to clients
     * @param healthSince when it last flipped, in nanoseconds of uptime
     * @param lastError why it is not healthy, or the empty text
     */
    public record BackendStatus(
            int index,
            int serviceId,
            String service,
            String protocol,
            String id,
            String address,
            String provider,
            String region,
            double costPerGb,
            boolean healthy,
            long healthSince,
            String lastError,
            long selections,
            long connectErrors,
            long bytesToBackend,
            long bytesToClient,
            double cost,
            long probeRttNs,
            ProbeStatus probing) {}

    /**
     * What probes and traffic tell of a backend.
     *
     * @param state {@code healthy}, {@code drained}, or why it is out
     * @param drained whether it takes no new traffic by command
     * @param heldNs how much longer it stays out in any case
     * @param smoothedRttNs moving average of round trips
     * @param jitterNs moving average of their differences
     * @param loss part of the window's probes that failed, 0 to 1
     * @param ejections how often it was taken out, by reason; only reasons that occurred
     */
    public record ProbeStatus(
            String state,
            boolean drained,
            long heldNs,
            long smoothedRttNs,
            long jitterNs,
            double loss,
            long probes,
            long probesFailed,
            Map<String, Long> ejections) {
        /** Of a backend that nothing is known of. */
        public static final ProbeStatus UNKNOWN = new ProbeStatus("healthy", false, 0, 0, 0, 0, 0, 0, Map.of());

        public ProbeStatus {
            ejections = new TreeMap<>(ejections);
        }
    }

    /**
     * Routing among clouds.
     *
     * @param priceVersion of the price table in force
     * @param home where the proxy itself runs, as {@code provider region}; empty when it was not told
     */
    public record CloudStatus(
            String priceVersion, String home, List<RoutingStatus> routing, List<RegionStatus> regions) {
        /** Nothing is routed. */
        public static final CloudStatus NONE = new CloudStatus("", "", List.of(), List.of());
    }

    /**
     * How one service and protocol is routed.
     *
     * @param panics new flows that went to whomever, since too few backends were healthy
     * @param refused new flows for which no backend had room
     * @param dailyBudget money for a day; 0 for no limit
     * @param spentToday of it, on the day that has begun (UTC), also before a restart
     * @param saving whether only the cheapest are used, in any shard, since the money is spent
     * @param savingSinceNs when that last changed, in nanoseconds since the start
     */
    public record RoutingStatus(
            int serviceId,
            String service,
            String protocol,
            String algorithm,
            boolean sticky,
            long panics,
            long refused,
            double dailyBudget,
            double spentToday,
            boolean saving,
            long savingSinceNs) {}

    /**
     * The backends of one provider's region together.
     *
     * @param crossing whether traffic crosses regions on its way there; false when it is not known where the proxy runs
     */
    public record RegionStatus(
            String provider,
            String region,
            boolean crossing,
            long flows,
            long bytesToBackend,
            long bytesToClient,
            double cost) {}

    /**
     * The balance of one service, class and direction: in + moved = out + dropped (all reasons) + held.
     *
     * @param direction {@code to-backend} or {@code to-client}
     * @param markedPackets that left with CE because of a queue here; likewise the bytes
     * @param borrowedPackets that left beyond the guarantee of their service or class; likewise the bytes
     * @param movedPackets that reloads moved to this class while they waited, less those that they moved to others; likewise the bytes
     * @param drops only the reasons that occurred
     */
    public record BooksLine(
            int serviceId,
            String service,
            String protocol,
            String trafficClass,
            String direction,
            long inPackets,
            long inBytes,
            long outPackets,
            long outBytes,
            long heldPackets,
            long heldBytes,
            long markedPackets,
            long markedBytes,
            long borrowedPackets,
            long borrowedBytes,
            long movedPackets,
            long movedBytes,
            List<DropLine> drops) {

        /** The same counts under another name. */
        public BooksLine of(int otherId, String otherService) {
            return new BooksLine(
                    otherId,
                    otherService,
                    protocol,
                    trafficClass,
                    direction,
                    inPackets,
                    inBytes,
                    outPackets,
                    outBytes,
                    heldPackets,
                    heldBytes,
                    markedPackets,
                    markedBytes,
                    borrowedPackets,
                    borrowedBytes,
                    movedPackets,
                    movedBytes,
                    drops);
        }

        /** Both lines' counts under this one's name. */
        public BooksLine plus(BooksLine other) {
            Map<String, DropLine> sums = new LinkedHashMap<>();
            Stream.concat(drops.stream(), other.drops.stream())
                    .forEach(drop -> sums.merge(drop.reason(), drop, DropLine::plus));
            return new BooksLine(
                    serviceId,
                    service,
                    protocol,
                    trafficClass,
                    direction,
                    inPackets + other.inPackets,
                    inBytes + other.inBytes,
                    outPackets + other.outPackets,
                    outBytes + other.outBytes,
                    heldPackets + other.heldPackets,
                    heldBytes + other.heldBytes,
                    markedPackets + other.markedPackets,
                    markedBytes + other.markedBytes,
                    borrowedPackets + other.borrowedPackets,
                    borrowedBytes + other.borrowedBytes,
                    movedPackets + other.movedPackets,
                    movedBytes + other.movedBytes,
                    List.copyOf(sums.values()));
        }

        /** Bytes that the books can't account for; 0 in a sound service. */
        public long imbalanceBytes() {
            return inBytes
                    + movedBytes
                    - outBytes
                    - heldBytes
                    - drops.stream().mapToLong(DropLine::bytes).sum();
        }
    }

    /** Bytes that the books of all lines can't account for: what is missing in one and too much in another adds up. */
    public long imbalanceBytes() {
        return books.stream().mapToLong(line -> Math.abs(line.imbalanceBytes())).sum();
    }

    /** What was dropped for one reason ({@code DropReason.label()}). */
    public record DropLine(String reason, long packets, long bytes) {
        private DropLine plus(DropLine other) {
            return new DropLine(reason, packets + other.packets, bytes + other.bytes);
        }
    }
}
