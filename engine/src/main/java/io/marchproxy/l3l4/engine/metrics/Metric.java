package io.marchproxy.l3l4.engine.metrics;

import java.util.List;

/**
 * The catalogue: every metric that {@code /metrics} shows, in its order there. {@code docs/METRICS.md} is generated from it.
 *
 * <p>Names that the reference proxy had keep their name and meaning. No label ever carries an address of a client: the number
 * of series is bounded by the configuration and the reasons for drops.
 */
public enum Metric {
    BUILD_INFO(
            "marchproxy_build_info",
            Type.GAUGE,
            Unit.NONE,
            "Always 1; the labels tell the version, the transport and the placement of the stages.",
            "version",
            "transport",
            "mode"),
    CONFIGURATION_INFO(
            "marchproxy_configuration_info",
            Type.GAUGE,
            Unit.NONE,
            "Always 1; the label is the hash of the configuration in force.",
            "hash"),
    UPTIME("marchproxy_uptime_seconds", Type.GAUGE, Unit.SECONDS, "Time since the service started."),
    READY(
            "marchproxy_ready",
            Type.GAUGE,
            Unit.NONE,
            "1 while all listeners are open and the service takes new connections, otherwise 0."),
    DRAINING("marchproxy_draining", Type.GAUGE, Unit.NONE, "1 while the service lets its last connections end."),
    RELOADS("marchproxy_reloads_total", Type.COUNTER, Unit.NONE, "Configurations taken into force since the start."),
    RELOADS_REFUSED(
            "marchproxy_reloads_refused_total",
            Type.COUNTER,
            Unit.NONE,
            "Configurations refused since the start; the one before stayed in force."),
    UNEXPECTED_ERRORS(
            "marchproxy_unexpected_errors_total",
            Type.COUNTER,
            Unit.NONE,
            "Errors that a loop survived; each kind is in the log. A sound service has none."),

    ACTIVE_CONNECTIONS(
            "marchproxy_active_connections",
            Type.GAUGE,
            Unit.NONE,
            "Live TCP connections or UDP sessions.",
            "service",
            "protocol"),
    MAX_CONNECTIONS(
            "marchproxy_max_connections",
            Type.GAUGE,
            Unit.NONE,
            "TCP connections or UDP sessions at the most.",
            "service",
            "protocol"),
    TOTAL_CONNECTIONS(
            "marchproxy_total_connections_total",
            Type.COUNTER,
            Unit.NONE,
            "TCP connections or UDP sessions since the start.",
            "service",
            "protocol"),
    CONNECTION_ERRORS(
            "marchproxy_connection_errors_total",
            Type.COUNTER,
            Unit.NONE,
            "TCP connects to a backend that were refused or timed out, and UDP datagrams that ICMP said it refused.",
            "service",
            "protocol",
            "backend"),
    CONNECT_RETRIES(
            "marchproxy_connect_retries_total",
            Type.COUNTER,
            Unit.NONE,
            "Failed TCP connects that another backend was tried for.",
            "service"),
    ACCEPT_PAUSES(
            "marchproxy_accept_pauses_total",
            Type.COUNTER,
            Unit.NONE,
            "Times that a listener stopped accepting for want of file descriptors, counted on each shard.",
            "service"),
    CONNECTION_DURATION(
            "marchproxy_connection_duration_seconds",
            Type.HISTOGRAM,
            Unit.SECONDS,
            "How long TCP connections lived that have ended; the sum is exact to 1 %.",
            "service"),

    BYTES_RECEIVED(
            "marchproxy_bytes_received_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload taken in; the books: received + moved = sent + dropped + held.",
            Labels.BOOKS),
    BYTES_SENT(
            "marchproxy_bytes_sent_total", Type.COUNTER, Unit.BYTES, "Payload that the kernel accepted.", Labels.BOOKS),
    BYTES_DROPPED(
            "marchproxy_bytes_dropped_total", Type.COUNTER, Unit.BYTES, "Payload dropped, by reason.", Labels.DROPS),
    BYTES_HELD(
            "marchproxy_bytes_held",
            Type.GAUGE,
            Unit.BYTES,
            "Payload that waits, in a queue of the shaper or for a socket.",
            Labels.BOOKS),
    PACKETS_RECEIVED(
            "marchproxy_packets_received_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Datagrams, or reads of a TCP stream, taken in.",
            Labels.BOOKS),
    PACKETS_SENT(
            "marchproxy_packets_sent_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Datagrams, or reads of a TCP stream, that the kernel accepted.",
            Labels.BOOKS),
    PACKETS_DROPPED(
            "marchproxy_packets_dropped_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Datagrams, reads of a TCP stream, or refused connections, dropped, by reason.",
            Labels.DROPS),
    PACKETS_HELD(
            "marchproxy_packets_held",
            Type.GAUGE,
            Unit.PACKETS,
            "Datagrams, or reads of a TCP stream, that wait.",
            Labels.BOOKS),
    BOOKS_IMBALANCE(
            "marchproxy_books_imbalance_bytes",
            Type.GAUGE,
            Unit.BYTES,
            "Bytes received that were neither sent nor dropped nor held: 0 in a sound service.",
            Labels.BOOKS),

    QOS_BYTES_PROCESSED(
            "marchproxy_qos_bytes_processed_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload sent, by traffic class.",
            "priority"),
    QOS_PACKETS_DROPPED(
            "marchproxy_qos_packets_dropped_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Packets dropped, by traffic class and reason.",
            "priority",
            "reason"),
    QOS_QUEUE_DEPTH(
            "marchproxy_qos_queue_depth", Type.GAUGE, Unit.PACKETS, "Packets that wait, by traffic class.", "priority"),
    QOS_QUEUE_DELAY(
            "marchproxy_qos_queue_delay_seconds",
            Type.HISTOGRAM,
            Unit.SECONDS,
            "How long packets waited for a rate, of those that waited and have left; the sum is exact to 1 %.",
            "priority",
            "direction"),
    PACKETS_MARKED(
            "marchproxy_packets_marked_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Datagrams that left with CE (ECN) since they had waited too long.",
            Labels.BOOKS),
    BYTES_MARKED(
            "marchproxy_bytes_marked_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload of the datagrams that were marked with CE.",
            Labels.BOOKS),
    PACKETS_BORROWED(
            "marchproxy_packets_borrowed_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Datagrams, or reads of a TCP stream, that left beyond the guarantee of their service or class.",
            Labels.BOOKS),
    BYTES_BORROWED(
            "marchproxy_bytes_borrowed_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload that left beyond the guarantee of its service or class.",
            Labels.BOOKS),
    PACKETS_MOVED(
            "marchproxy_packets_moved",
            Type.GAUGE,
            Unit.PACKETS,
            "Datagrams, or reads of a TCP stream, that reloads moved to this class while they waited, less those moved to others.",
            Labels.BOOKS),
    BYTES_MOVED(
            "marchproxy_bytes_moved",
            Type.GAUGE,
            Unit.BYTES,
            "Payload that reloads moved to this class while it waited, less what they moved to others.",
            Labels.BOOKS),
    POLICED_PACKETS(
            "marchproxy_policed_packets_total",
            Type.COUNTER,
            Unit.PACKETS,
            "Packets of rules that police, by the color (conform, exceed, violate) that their meter gave them.",
            Labels.POLICED),
    POLICED_BYTES(
            "marchproxy_policed_bytes_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload of rules that police, by the color that their meter gave it.",
            Labels.POLICED),

    BACKEND_UP(
            "marchproxy_backend_up",
            Type.GAUGE,
            Unit.NONE,
            "1 while the backend is healthy, otherwise 0.",
            Labels.BACKEND),
    BACKEND_SELECTIONS(
            "marchproxy_multicloud_backend_selections_total",
            Type.COUNTER,
            Unit.NONE,
            "Connections and sessions that were routed to the backend.",
            Labels.BACKEND),
    ROUTING_DECISIONS(
            "marchproxy_multicloud_routing_decisions_total",
            Type.COUNTER,
            Unit.NONE,
            "The same by the algorithm that the service has now.",
            "algorithm",
            "service",
            "protocol",
            "backend"),
    BACKEND_LATENCY(
            "marchproxy_backend_latency_seconds",
            Type.GAUGE,
            Unit.SECONDS,
            "Round trip of the latest successful probe; absent before there was one.",
            Labels.BACKEND),
    BACKEND_JITTER(
            "marchproxy_backend_jitter_seconds",
            Type.GAUGE,
            Unit.SECONDS,
            "Moving average of the differences of successive probes' round trips (RFC 3550); absent before there was one.",
            Labels.BACKEND),
    BACKEND_LOSS(
            "marchproxy_backend_probe_loss_ratio",
            Type.GAUGE,
            Unit.NONE,
            "Part of the latest probes (health.window) that failed, 0 to 1; absent before there was one.",
            Labels.BACKEND),
    BACKEND_PROBES(
            "marchproxy_backend_probes_total",
            Type.COUNTER,
            Unit.NONE,
            "Probes that were answered as they should, and that were not.",
            "service",
            "protocol",
            "backend",
            "result"),
    BACKEND_EJECTIONS(
            "marchproxy_backend_ejections_total",
            Type.COUNTER,
            Unit.NONE,
            "Times that the backend was taken out, by reason; docs/HEALTH.md says what each is.",
            "service",
            "protocol",
            "backend",
            "reason"),
    BACKEND_DRAINED(
            "marchproxy_backend_drained",
            Type.GAUGE,
            Unit.NONE,
            "1 while the backend takes no new traffic by command, otherwise 0.",
            Labels.BACKEND),
    BACKEND_BYTES(
            "marchproxy_backend_bytes_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload exchanged with the backend.",
            "service",
            "protocol",
            "backend",
            "direction"),
    BACKEND_COST(
            "marchproxy_backend_cost_total",
            Type.COUNTER,
            Unit.NONE,
            "What the backend's bytes towards clients cost, in the currency of the configuration.",
            Labels.BACKEND),

    REGION_BYTES(
            "marchproxy_multicloud_region_bytes_total",
            Type.COUNTER,
            Unit.BYTES,
            "Payload exchanged with a region's backends; crossing is yes where the proxy runs in another region.",
            "cloud",
            "region",
            "crossing",
            "direction"),
    REGION_COST(
            "marchproxy_multicloud_region_cost_total",
            Type.COUNTER,
            Unit.NONE,
            "What bytes from a region's backends cost, each at the price of its time.",
            "cloud",
            "region",
            "crossing"),
    PRICES_INFO("marchproxy_multicloud_prices_info", Type.GAUGE, Unit.NONE, "1; the price table in force.", "version"),
    ROUTE_PANICS(
            "marchproxy_multicloud_panic_selections_total",
            Type.COUNTER,
            Unit.NONE,
            "Connections and sessions that went to whomever, since too few backends were healthy.",
            "service",
            "protocol"),
    ROUTE_REFUSED(
            "marchproxy_multicloud_full_total",
            Type.COUNTER,
            Unit.NONE,
            "Connections and sessions for which no backend had room.",
            "service",
            "protocol"),
    BUDGET_SPENT(
            "marchproxy_multicloud_budget_spent",
            Type.GAUGE,
            Unit.NONE,
            "Money that the service has spent today (UTC), also before a restart.",
            "service",
            "protocol"),
    BUDGET_LIMIT(
            "marchproxy_multicloud_budget_limit",
            Type.GAUGE,
            Unit.NONE,
            "Money that the service may spend a day; absent when there is no limit.",
            "service",
            "protocol"),
    BUDGET_SAVING(
            "marchproxy_multicloud_budget_saving",
            Type.GAUGE,
            Unit.NONE,
            "1 while only the cheapest backends get new flows, since the day's money is spent, otherwise 0.",
            "service",
            "protocol"),

    UDP_EVENTS(
            "marchproxy_udp_events_total",
            Type.COUNTER,
            Unit.NONE,
            "What the UDP relay counts besides the books, by event; docs/UDP.md says what each is.",
            "event"),

    RESIDENCE(
            "marchproxy_residence_seconds",
            Type.HISTOGRAM,
            Unit.SECONDS,
            "Time from a packet's arrival until the pipeline decided about it; the sum is exact to 1 %."),
    FLOWS("marchproxy_flows", Type.GAUGE, Unit.NONE, "Entries in the shard's flow table.", "shard"),
    FLOWS_MAX("marchproxy_flows_max", Type.GAUGE, Unit.NONE, "Entries that the shard's flow table can hold.", "shard"),
    RING_USED("marchproxy_ring_used_slots", Type.GAUGE, Unit.NONE, "Slots of the shard's ring in use.", "shard"),
    RING_SLOTS("marchproxy_ring_slots", Type.GAUGE, Unit.NONE, "Slots that the shard's ring has.", "shard"),

    JOURNAL_UP(
            "marchproxy_journal_recording",
            Type.GAUGE,
            Unit.NONE,
            "1 while the shard's journal is written, 0 while it is opened, the disk is full or writing fails; absent when it is off.",
            "shard"),
    JOURNAL_RECORDS(
            "marchproxy_journal_records_total",
            Type.COUNTER,
            Unit.NONE,
            "Records written to the shard's journal files.",
            "shard"),
    JOURNAL_LOST_RECORDS(
            "marchproxy_journal_lost_records_total",
            Type.COUNTER,
            Unit.NONE,
            "Records that are missing in the shard's journal: the disk was full or too slow, or writing failed.",
            "shard"),
    JOURNAL_BYTES(
            "marchproxy_journal_bytes_total",
            Type.COUNTER,
            Unit.BYTES,
            "Bytes that records take in the shard's journal files, packed.",
            "shard"),
    JOURNAL_WAITING(
            "marchproxy_journal_waiting_bytes",
            Type.GAUGE,
            Unit.BYTES,
            "Records on their way to the shard's journal files; 8 MiB at the most, then they are lost.",
            "shard"),
    JOURNAL_DISK(
            "marchproxy_journal_disk_bytes",
            Type.GAUGE,
            Unit.BYTES,
            "Length of the shard's journal files, sparse parts included.",
            "shard"),
    JOURNAL_CHECKPOINTS(
            "marchproxy_journal_checkpoints_total",
            Type.COUNTER,
            Unit.NONE,
            "Checkpoints in the shard's journal, from which its records can be verified when older files are gone.",
            "shard"),
    JOURNAL_CHECKPOINTS_GIVEN_UP(
            "marchproxy_journal_checkpoints_given_up_total",
            Type.COUNTER,
            Unit.NONE,
            "Checkpoints that were given up for want of room beside the traffic; they are tried again.",
            "shard"),
    LATENCY_LOG_UP(
            "marchproxy_latency_log_writing",
            Type.GAUGE,
            Unit.NONE,
            "1 while the shard's latency log is written, 0 while the disk is full or writing fails; absent when it is off.",
            "shard"),
    LATENCY_LOG_LINES(
            "marchproxy_latency_log_lines_total",
            Type.COUNTER,
            Unit.NONE,
            "Lines written to the shard's latency log.",
            "shard"),
    LATENCY_LOG_LOST_LINES(
            "marchproxy_latency_log_lost_lines_total",
            Type.COUNTER,
            Unit.NONE,
            "Lines that are missing in the shard's latency log: the disk was full, or writing failed.",
            "shard"),
    LATENCY_LOG_DISK(
            "marchproxy_latency_log_disk_bytes",
            Type.GAUGE,
            Unit.BYTES,
            "Length of the shard's latency log files.",
            "shard"),

    FLOW_STATE_UP(
            "marchproxy_flow_state_writing",
            Type.GAUGE,
            Unit.NONE,
            "1 while flows are remembered on disk, 0 while that is opened, the disk is full or writing fails; absent when it is off."),
    FLOW_STATE_FLOWS("marchproxy_flow_state_flows", Type.GAUGE, Unit.NONE, "Flows that are remembered."),
    FLOW_STATE_MAX(
            "marchproxy_flow_state_max_flows",
            Type.GAUGE,
            Unit.NONE,
            "Flows that are remembered at the most; then the oldest are forgotten."),
    FLOW_STATE_WRITES("marchproxy_flow_state_writes_total", Type.COUNTER, Unit.NONE, "Times that a flow was written."),
    FLOW_STATE_LOST(
            "marchproxy_flow_state_lost_total",
            Type.COUNTER,
            Unit.NONE,
            "Times that a flow was not written: it came faster than the state thread writes, or there was no room."),
    FLOW_STATE_EVICTED(
            "marchproxy_flow_state_evicted_total",
            Type.COUNTER,
            Unit.NONE,
            "Flows forgotten to make room for others, the oldest first."),
    FLOW_STATE_EXPIRED(
            "marchproxy_flow_state_expired_total",
            Type.COUNTER,
            Unit.NONE,
            "Flows forgotten since they were not seen for max-age."),
    FLOW_STATE_RESTORED(
            "marchproxy_flow_state_restored_sessions",
            Type.GAUGE,
            Unit.NONE,
            "UDP sessions of before the start that shards were told of."),
    FLOW_STATE_FOUND(
            "marchproxy_flow_state_found_sessions_total",
            Type.COUNTER,
            Unit.NONE,
            "UDP sessions of before the start that went on."),
    FLOW_STATE_AWAITED(
            "marchproxy_flow_state_awaited_sessions",
            Type.GAUGE,
            Unit.NONE,
            "UDP sessions of before the start that may go on yet, summed over shards: each awaits all."),
    FLOW_STATE_WAITING(
            "marchproxy_flow_state_waiting_bytes",
            Type.GAUGE,
            Unit.BYTES,
            "Flows on their way to the disk; 8 MiB a shard at the most, then they are lost."),
    FLOW_STATE_DISK("marchproxy_flow_state_disk_bytes", Type.GAUGE, Unit.BYTES, "Length of the flow state's file."),

    PROCESS_CPU(
            "process_cpu_seconds_total", Type.COUNTER, Unit.SECONDS, "Processor time of the process, user and system."),
    PROCESS_START(
            "process_start_time_seconds", Type.GAUGE, Unit.SECONDS, "Start of the process, since the Unix epoch."),
    PROCESS_RESIDENT("process_resident_memory_bytes", Type.GAUGE, Unit.BYTES, "Memory of the process in RAM."),
    PROCESS_VIRTUAL("process_virtual_memory_bytes", Type.GAUGE, Unit.BYTES, "Address space of the process."),
    PROCESS_OPEN_FDS("process_open_fds", Type.GAUGE, Unit.NONE, "Open file descriptors."),
    PROCESS_MAX_FDS("process_max_fds", Type.GAUGE, Unit.NONE, "File descriptors that the process may open."),
    JVM_MEMORY_USED("jvm_memory_used_bytes", Type.GAUGE, Unit.BYTES, "Memory of the JVM in use.", "area"),
    JVM_MEMORY_MAX("jvm_memory_max_bytes", Type.GAUGE, Unit.BYTES, "Memory of the JVM at the most.", "area"),
    JVM_BUFFER_POOL_USED(
            "jvm_buffer_pool_used_bytes", Type.GAUGE, Unit.BYTES, "Memory of the JVM's own byte buffers.", "pool"),
    JVM_GC(
            "jvm_gc_collection_seconds",
            Type.SUMMARY,
            Unit.SECONDS,
            "Collections of garbage and the time that they took.",
            "gc"),
    JVM_THREADS("jvm_threads_current", Type.GAUGE, Unit.NONE, "Platform threads.");

    /** What Prometheus makes of a metric. */
    public enum Type {
        COUNTER("counter"),
        GAUGE("gauge"),
        HISTOGRAM("histogram"),
        SUMMARY("summary");

        private final String label;

        Type(String label) {
            this.label = label;
        }

        /** As the exposition formats spell it. */
        public String label() {
            return label;
        }
    }

    /** Base units alone. */
    public enum Unit {
        NONE(""),
        BYTES("bytes"),
        SECONDS("seconds"),
        PACKETS("packets");

        private final String label;

        Unit(String label) {
            this.label = label;
        }

        /** The unit's name, empty for a plain number. */
        public String label() {
            return label;
        }
    }

    private final String exposedName;
    private final Type type;
    private final Unit unit;
    private final String sentence;

    @SuppressWarnings("ImmutableEnumChecker") // List.of made it: nobody can change it
    private final List<String> labels;

    Metric(String exposedName, Type type, Unit unit, String sentence, String... labels) {
        this.exposedName = exposedName;
        this.type = type;
        this.unit = unit;
        this.sentence = sentence;
        this.labels = List.of(labels);
    }

    /** As the Prometheus text format shows it; a counter's ends in {@code _total}. */
    public String exposedName() {
        return exposedName;
    }

    public Type type() {
        return type;
    }

    public Unit unit() {
        return unit;
    }

    /** What it means, as one sentence. */
    public String sentence() {
        return sentence;
    }

    /** Names of its labels, in the order of their values. */
    public List<String> labels() {
        return labels;
    }

    /** Label sets that several metrics share. */
    private static final class Labels {
        static final String[] BOOKS = {"service", "protocol", "class", "direction"};
        static final String[] DROPS = {"service", "protocol", "class", "direction", "reason"};
        static final String[] POLICED = {"rule", "direction", "color"};
        static final String[] BACKEND = {"service", "protocol", "backend", "cloud", "region"};
    }
}
