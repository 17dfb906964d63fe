package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.AdminSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.FlowStateSettings;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.config.settings.LatencySettings;
import io.marchproxy.l3l4.config.settings.ProxySettings.LogLevel;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.Secret;
import io.marchproxy.l3l4.config.value.Values;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** All keys, from the top. Names and meanings are the design's; what this version refuses stands in {@link NotYet}. */
public final class Catalogue {
    private static final EngineSettings ENGINE_DEFAULT = EngineSettings.DEFAULT;
    private static final Duration SECOND = Duration.ofSeconds(1);

    public static final Key<Path> DATA_DIR =
            Key.of("data-dir", Values.PATH, Path.of("./data"), "Folder for what the service keeps.");
    public static final Key<LogLevel> LOG_LEVEL =
            Key.of("log-level", Values.word(LogLevel.class), LogLevel.INFO, "How much is logged.");

    public static final Key<String> ADMIN_ADDRESS = Key.of(
            "address",
            Values.ADDRESS,
            AdminSettings.DEFAULT.address(),
            "Address of the admin server; it has no passwords.");
    public static final Key<Integer> ADMIN_PORT =
            Key.of("port", Values.integer(0, 65_535), AdminSettings.DEFAULT.port(), "Its port; 0 takes a free one.");
    public static final Group ADMIN =
            new Group("admin", "The admin server: health, status, metrics.", List.of(ADMIN_ADDRESS, ADMIN_PORT));

    public static final Key<EngineSettings.Mode> MODE = Key.of(
            "mode",
            Values.word(EngineSettings.Mode.class),
            ENGINE_DEFAULT.mode(),
            "Where the stages run: on the thread that reads, or on threads of their own; auto takes the latter only where the shards that are asked for leave a core to each thread.");
    public static final Key<Integer> SHARDS = Key.of(
            "shards",
            Values.SHARDS,
            ENGINE_DEFAULT.shards(),
            "Shards, each a thread's own world; auto is one for each core that the process may use.");
    public static final Key<Integer> MAX_FLOWS = Key.of(
            "max-flows",
            Values.integer(1, 100_000_000),
            ENGINE_DEFAULT.maxFlows(),
            "Flows at the most, over all shards.");
    public static final Key<Integer> RING_SIZE =
            Key.of("ring-size", Values.powerOfTwo(2048, 1_048_576), ENGINE_DEFAULT.ringSize(), "Slots of each ring.");
    public static final Key<Boolean> PIN_THREADS = Key.of(
            "pin-threads",
            Values.BOOLEAN,
            ENGINE_DEFAULT.pinThreads(),
            "Pins each thread to a CPU of those that the process may use.");
    public static final Key<Duration> SPIN = Key.of(
            "spin",
            Values.SPIN,
            ENGINE_DEFAULT.spin(),
            "How long a thread that has no work looks for some before it sleeps: less delay for more CPU. Only where a CPU stays free beside those that spin; auto is 50us there.");
    public static final Key<Boolean> NUMA = Key.of(
            "numa",
            Values.BOOLEAN,
            ENGINE_DEFAULT.numa(),
            "Places shards, their memory and new TCP connections by NUMA node, and pins threads.");
    public static final Key<EngineSettings.IrqAffinity> IRQ_AFFINITY = Key.of(
            "irq-affinity",
            Values.word(EngineSettings.IrqAffinity.class),
            ENGINE_DEFAULT.irqAffinity(),
            "With numa: whether the network's interrupts are sent to the shards' CPUs, or only told which should be.");
    public static final Key<EngineSettings.Transport> TRANSPORT = Key.of(
            "transport",
            Values.word(
                    EngineSettings.Transport.class,
                    Catalogue::transport,
                    Map.of("io-uring", EngineSettings.Transport.IO_URING)),
            ENGINE_DEFAULT.transport(),
            "The kernel interface for I/O; auto takes the first of io_uring, epoll, nio that works.");
    public static final Key<Duration> DRAIN_TIMEOUT = Key.of(
            "drain-timeout",
            Values.duration(Duration.ZERO, Duration.ofDays(1)),
            ENGINE_DEFAULT.drainTimeout(),
            "How long a stop waits for connections to end by themselves.");
    public static final Key<JournalSettings.Mode> JOURNAL_MODE = Key.of(
            "mode",
            Values.word(JournalSettings.Mode.class),
            JournalSettings.DEFAULT.mode(),
            "What is recorded: nothing, the begin and end of each flow, or every packet with what was decided about it.");
    public static final Key<Long> JOURNAL_MAX_SIZE = Key.of(
            "max-size",
            Values.size(JournalSettings.SMALLEST_BYTES, JournalSettings.LARGEST_BYTES),
            JournalSettings.DEFAULT.maxSizeBytes(),
            "Budget on disk for all shards together; the oldest files are deleted.");
    public static final Key<Duration> JOURNAL_MAX_AGE = Key.of(
            "max-age",
            Values.duration(JournalSettings.SHORTEST_AGE, JournalSettings.LONGEST_AGE),
            JournalSettings.DEFAULT.maxAge(),
            "Files whose last record is older are deleted.");
    public static final Key<Duration> JOURNAL_PERIODIC = Key.of(
            "periodic",
            Values.duration(SECOND, Duration.ofDays(1)),
            JournalSettings.DEFAULT.periodic(),
            "With mode flows: between two records of a flow that lives.");
    public static final Key<Long> JOURNAL_SNAP = Key.of(
            "snap",
            Values.size(0, JournalSettings.LONGEST_SNAP_BYTES),
            (long) JournalSettings.DEFAULT.snapBytes(),
            "With mode packets: the first bytes of each UDP datagram and IP packet to record with it, for export-pcap. 0B records no payload.");
    public static final Group JOURNAL = new Group(
            "journal",
            "The record of decisions, for replay.",
            List.of(JOURNAL_MODE, JOURNAL_MAX_SIZE, JOURNAL_MAX_AGE, JOURNAL_PERIODIC, JOURNAL_SNAP));
    public static final Key<FlowStateSettings.Mode> FLOW_STATE_MODE = Key.of(
            "mode",
            Values.word(FlowStateSettings.Mode.class),
            FlowStateSettings.DEFAULT.mode(),
            "Whether flows are remembered on disk, so that UDP sessions find their backend again after a restart.");
    public static final Key<Duration> FLOW_STATE_INTERVAL = Key.of(
            "interval",
            Values.duration(FlowStateSettings.SHORTEST_INTERVAL, FlowStateSettings.LONGEST_INTERVAL),
            FlowStateSettings.DEFAULT.interval(),
            "Between two times that a flow with traffic is written.");
    public static final Key<Duration> FLOW_STATE_MAX_AGE = Key.of(
            "max-age",
            Values.duration(FlowStateSettings.SHORTEST_AGE, FlowStateSettings.LONGEST_AGE),
            FlowStateSettings.DEFAULT.maxAge(),
            "Flows that were not seen for longer are forgotten; the oldest are, too, when there are more than max-flows.");
    public static final Group FLOW_STATE = new Group(
            "flow-state",
            "What is remembered of flows over a restart.",
            List.of(FLOW_STATE_MODE, FLOW_STATE_INTERVAL, FLOW_STATE_MAX_AGE));
    public static final Group ENGINE = new Group(
            "engine",
            "How the machine is built.",
            List.of(
                    MODE,
                    SHARDS,
                    MAX_FLOWS,
                    RING_SIZE,
                    PIN_THREADS,
                    SPIN,
                    NUMA,
                    IRQ_AFFINITY,
                    TRANSPORT,
                    DRAIN_TIMEOUT,
                    JOURNAL,
                    FLOW_STATE));

    public static final Key<URI> TRACING_ENDPOINT =
            Key.of("endpoint", Values.URL, URI.create("http://127.0.0.1:4317"), "Where spans go by OTLP.");
    public static final Key<Boolean> TRACING_ENABLED =
            Key.of("enabled", Values.BOOLEAN, false, "Whether spans are exported.");
    public static final Key<Double> SAMPLE_RATIO =
            Key.of("sample-ratio", Values.decimal(0, 1), 0.1, "Share of flows that are traced.");
    public static final Group TRACING = new Group(
            "tracing",
            "OpenTelemetry spans of sampled flows.",
            List.of(TRACING_ENABLED, TRACING_ENDPOINT, SAMPLE_RATIO));
    public static final Key<Boolean> IPFIX_ENABLED =
            Key.of("enabled", Values.BOOLEAN, false, "Whether flow records are exported.");
    public static final Key<HostPort> IPFIX_COLLECTOR =
            Key.open("collector", Values.HOST_PORT, "none", "Where flow records go.");
    public static final Group IPFIX =
            new Group("ipfix", "Flow records by IPFIX (RFC 7011).", List.of(IPFIX_ENABLED, IPFIX_COLLECTOR));
    public static final Key<Boolean> LATENCY_ENABLED = Key.of(
            "enabled",
            Values.BOOLEAN,
            LatencySettings.DEFAULT.enabled(),
            "Whether the times that packets take are logged, in the data folder's latency/shard-N.hlog.");
    public static final Key<Duration> LATENCY_INTERVAL = Key.of(
            "interval",
            Values.duration(LatencySettings.SHORTEST_INTERVAL, LatencySettings.LONGEST_INTERVAL),
            LatencySettings.DEFAULT.interval(),
            "What one line of a log stands for.");
    public static final Key<Long> LATENCY_MAX_SIZE = Key.of(
            "max-size",
            Values.size(LatencySettings.SMALLEST_BYTES, LatencySettings.LARGEST_BYTES),
            LatencySettings.DEFAULT.maxSizeBytes(),
            "Budget on disk for all shards together; the oldest files are deleted.");
    public static final Group LATENCY = new Group(
            "latency",
            "Logs of latencies, for replay-tools latency and any reader of HdrHistogram logs.",
            List.of(LATENCY_ENABLED, LATENCY_INTERVAL, LATENCY_MAX_SIZE));
    public static final Group OBSERVABILITY =
            new Group("observability", "What is exported, and logged of latencies.", List.of(TRACING, IPFIX, LATENCY));

    private static final Key<Secret> CLUSTER_API_KEY =
            Key.open("cluster-api-key", Values.SECRET, "none", "The key with which the manager knows its cluster.");
    public static final Key<URI> MANAGER_URL = Key.open("url", Values.URL, "none", "Where the manager is.");
    public static final Key<Duration> POLL_INTERVAL = Key.of(
            "poll-interval",
            Values.duration(SECOND, Duration.ofDays(1)),
            Duration.ofSeconds(60),
            "Between two looks for a new configuration.");
    public static final Key<Duration> HEARTBEAT_INTERVAL = Key.of(
            "heartbeat-interval",
            Values.duration(SECOND, Duration.ofDays(1)),
            Duration.ofSeconds(30),
            "Between two signs of life.");
    public static final Group MANAGER = new Group(
            "manager",
            "The manager that hands out configuration; without one the proxy runs on its own.",
            List.of(MANAGER_URL, CLUSTER_API_KEY, POLL_INTERVAL, HEARTBEAT_INTERVAL));

    /** The whole. */
    public static final Group ROOT = new Group(
            "",
            "Configuration of proxy-l3l4.",
            List.of(
                    DATA_DIR,
                    LOG_LEVEL,
                    ADMIN,
                    ENGINE,
                    QosKeys.QOS,
                    ServiceKeys.SERVICES,
                    MulticloudKeys.MULTICLOUD,
                    OBSERVABILITY,
                    MANAGER));

    private Catalogue() {}

    private static String transport(EngineSettings.Transport transport) {
        return transport.name().toLowerCase(Locale.ROOT);
    }
}
