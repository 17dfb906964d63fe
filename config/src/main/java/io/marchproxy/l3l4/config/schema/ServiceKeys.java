package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The keys of {@code services}. */
public final class ServiceKeys {
    private static final ServiceSettings DEFAULT =
            ServiceSettings.builder("default").build();
    private static final HealthSettings HEALTHY = HealthSettings.DEFAULT_TCP;
    private static final int ONE_GIB = 1 << 30;

    static final ValueType<Long> RATE_TYPE = Values.rate(ShapingSettings.LOWEST_RATE, ShapingSettings.HIGHEST_RATE);
    static final ValueType<BackendSettings.Provider> PROVIDER_TYPE = Values.word(
            BackendSettings.Provider.class,
            BackendSettings.Provider::label,
            Map.of("on_prem", BackendSettings.Provider.ONPREM));
    static final ValueType<TrafficClass> CLASS_TYPE = Values.word(TrafficClass.class, TrafficClass::name, Map.of());

    public static final Key<String> NAME =
            Key.required("name", Values.NAME, "What the service is called in reports, metrics and rules; unique.");
    public static final ListKey<ListenAddress> LISTEN = new ListKey<>(
            "listen", Values.LISTEN, "Where it listens: one address or a list. tcp:// and udp:// may share a port.");
    public static final Key<TrafficClass> CLASS = Key.of(
            "class", CLASS_TYPE, DEFAULT.trafficClass(), "Traffic class of packets that no rule of qos.rules matches.");
    public static final Key<Long> RATE_TO_BACKEND =
            Key.open("to-backend", RATE_TYPE, "no limit", "Ceiling of what goes to the backends.");
    public static final Key<Long> RATE_TO_CLIENT =
            Key.open("to-client", RATE_TYPE, "no limit", "Ceiling of what goes to the clients.");
    public static final Group RATE = Group.orOne(
            "rate",
            "Rate that the service never exceeds, all clients together: one for each direction, or each its own.",
            List.of(RATE_TO_BACKEND, RATE_TO_CLIENT));
    public static final Key<Long> GUARANTEE = Key.open(
            "guarantee",
            RATE_TYPE,
            "none",
            "Rate that the service has in any case, in each direction: a part of qos.link-rate.");
    public static final Key<Long> BURST = Key.open(
            "burst",
            Values.size(ShapingSettings.LEAST_BURST, ShapingSettings.LARGEST_BURST),
            "what 4 ms of the rate bring, from 16KiB to 1MiB",
            "What may pass at once when the service was below its rate before.");
    public static final Key<ServiceSettings.Algorithm> ALGORITHM = Key.of(
            "algorithm",
            Values.word(
                    ServiceSettings.Algorithm.class,
                    ServiceSettings.Algorithm::label,
                    Map.of("weighted_rr", ServiceSettings.Algorithm.WEIGHTED_ROUND_ROBIN)),
            DEFAULT.algorithm(),
            "How a backend is chosen among the healthy ones.");

    private static final ValueType<Double> COUNTS = Values.decimal(0, 1_000_000);
    public static final Key<RoutingSettings.Sticky> STICKY = Key.of(
            "sticky",
            Values.word(RoutingSettings.Sticky.class),
            RoutingSettings.DEFAULT.sticky(),
            "Whether a client's flows all go to one of those that the algorithm would choose from.");
    public static final Key<Duration> LATENCY_BUDGET = Key.of(
            "latency-budget",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            RoutingSettings.DEFAULT.latencyBudget(),
            "For cost: the slower are taken when none is within it; 0 for no limit.");
    public static final Key<Double> LATENCY_WEIGHT = Key.of(
            "latency-weight", COUNTS, RoutingSettings.DEFAULT.latencyWeight(), "For weighted: what latency counts.");
    public static final Key<Double> COST_WEIGHT =
            Key.of("cost-weight", COUNTS, RoutingSettings.DEFAULT.costWeight(), "For weighted: what cost counts.");
    public static final Key<Double> BANDWIDTH_WEIGHT = Key.of(
            "bandwidth-weight",
            COUNTS,
            RoutingSettings.DEFAULT.bandwidthWeight(),
            "For weighted: what bandwidth counts.");
    public static final Key<Duration> SLOW_START = Key.of(
            "slow-start",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            RoutingSettings.DEFAULT.slowStart(),
            "For how long the share of a backend that returned grows to its whole; 0 for at once.");
    public static final Key<Integer> PANIC_THRESHOLD = Key.of(
            "panic-threshold",
            Values.integer(0, 100),
            RoutingSettings.DEFAULT.panicThreshold(),
            "Percentage of healthy backends below which all are used, healthy or not; 0 for never.");
    public static final Key<Double> DAILY_BUDGET = Key.open(
            "daily-budget",
            COUNTS,
            "no limit",
            "Money for a day (UTC); once it is spent, new flows go to the cheapest healthy backends.");
    public static final Key<Integer> BUDGET_BACK_AT = Key.of(
            "budget-back-at",
            Values.integer(1, 100),
            RoutingSettings.DEFAULT.budgetBackAt(),
            "Percentage of the budget below which the algorithm chooses again: the next day, or when the budget is raised.");
    public static final Key<Integer> TABLE_SIZE = Key.of(
            "table-size",
            Values.prime(2, 655_373),
            RoutingSettings.DEFAULT.tableSize(),
            "For maglev and sticky: places of the table, a hundred times the backends or more.");
    public static final Group ROUTING = new Group(
            "routing",
            "How the algorithm chooses.",
            List.of(
                    STICKY,
                    LATENCY_BUDGET,
                    LATENCY_WEIGHT,
                    COST_WEIGHT,
                    BANDWIDTH_WEIGHT,
                    SLOW_START,
                    PANIC_THRESHOLD,
                    DAILY_BUDGET,
                    BUDGET_BACK_AT,
                    TABLE_SIZE));
    public static final Key<Integer> MAX_CONNECTIONS = Key.of(
            "max-connections",
            Values.integer(1, 100_000_000),
            DEFAULT.maxConnections(),
            "TCP connections at the most, over all shards.");
    public static final Key<Duration> IDLE_TIMEOUT = Key.of(
            "idle-timeout",
            Values.duration(Duration.ZERO, Duration.ofDays(365)),
            DEFAULT.idleTimeout(),
            "A TCP connection silent for so long is closed; 0 for never.");
    public static final Key<Integer> BACKLOG = Key.of(
            "backlog",
            Values.integer(1, 65_535),
            DEFAULT.backlog(),
            "Connections that the kernel may keep for the proxy to accept.");
    public static final Key<Long> BUFFER = Key.of(
            "buffer",
            Values.size(4096, ONE_GIB),
            (long) DEFAULT.bufferBytes(),
            "Bytes held per TCP connection and direction before reading pauses.");
    public static final Key<Boolean> TCP_NO_DELAY =
            Key.of("tcp-no-delay", Values.BOOLEAN, DEFAULT.tcpNoDelay(), "TCP_NODELAY towards clients and backends.");
    public static final Key<Duration> SESSION_TIMEOUT = Key.of(
            "session-timeout",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(365)),
            DEFAULT.sessionTimeout(),
            "A UDP session silent for so long ends.");
    public static final Key<Integer> MAX_SESSIONS = Key.of(
            "max-sessions",
            Values.integer(1, 100_000_000),
            DEFAULT.maxSessions(),
            "UDP sessions at the most, over all shards.");
    public static final Key<ServiceSettings.SessionOverflow> SESSION_OVERFLOW = Key.of(
            "session-overflow",
            Values.word(ServiceSettings.SessionOverflow.class),
            DEFAULT.sessionOverflow(),
            "What a new UDP session at the cap does: it is refused, or it ends the one that was silent longest.");
    public static final Key<Integer> REPLIES = Key.of(
            "replies",
            Values.integer(0, 65_535),
            DEFAULT.replies(),
            "A UDP session ends when each of the client's datagrams has had so many answers (1 suits DNS), and a stop waits for"
                    + " them; 0 for no such end.");

    public static final Key<Duration> CONNECT_TIMEOUT = Key.of(
            "timeout",
            Values.duration(Duration.ofMillis(1), Duration.ofHours(1)),
            DEFAULT.connect().timeout(),
            "Time for one try.");
    public static final Key<Integer> CONNECT_TRIES = Key.of(
            "tries",
            Values.integer(1, 64),
            DEFAULT.connect().tries(),
            "Tries at the most, each on another backend while there is one; 1 switches retrying off.");
    public static final Key<Duration> CONNECT_TOTAL = Key.of(
            "total",
            Values.duration(Duration.ofMillis(1), Duration.ofHours(1)),
            DEFAULT.connect().total(),
            "Time for all tries together.");
    public static final Group CONNECT = new Group(
            "connect",
            "How a TCP connection to a backend is made.",
            List.of(CONNECT_TIMEOUT, CONNECT_TRIES, CONNECT_TOTAL));

    public static final Key<Long> ACCEPT_RATE = Key.required("rate", Values.PER_SECOND, "Sustained, such as 100/s.");
    public static final Key<Integer> ACCEPT_BURST = Key.open(
            "burst", Values.integer(1, 1_000_000_000), "one second's worth", "Connections that may come at once.");
    public static final Group ACCEPT = new Group(
            "accept-rate-per-client",
            true,
            "How fast one client address may open TCP connections; unlimited when left out.",
            List.of(ACCEPT_RATE, ACCEPT_BURST));

    private static final ValueType<ProxyProtocolSettings.Version> VERSION =
            Values.word(ProxyProtocolSettings.Version.class);
    public static final Key<ProxyProtocolSettings.Version> PROXY_ACCEPT = Key.of(
            "accept", VERSION, DEFAULT.proxyProtocol().accept(), "The header that every client must begin with.");
    public static final Key<ProxyProtocolSettings.Version> PROXY_SEND = Key.of(
            "send", VERSION, DEFAULT.proxyProtocol().send(), "The header that connections to backends begin with.");
    public static final Key<Duration> PROXY_TIMEOUT = Key.of(
            "header-timeout",
            Values.duration(Duration.ofMillis(1), Duration.ofHours(1)),
            DEFAULT.proxyProtocol().headerTimeout(),
            "By when a client's header must be complete.");
    public static final Group PROXY_PROTOCOL = new Group(
            "proxy-protocol", "The PROXY protocol, for TCP.", List.of(PROXY_ACCEPT, PROXY_SEND, PROXY_TIMEOUT));

    public static final Key<HealthSettings.Probe> HEALTH_PROTOCOL = Key.open(
            "protocol",
            Values.word(HealthSettings.Probe.class),
            "tcp when the service has a tcp:// listener, else none",
            "What a probe does: a TCP connect (and what send and expect say), a UDP datagram and its answer, an HTTP request, one by"
                    + " TLS, an ICMP echo, or no probing.");
    public static final Key<Duration> HEALTH_INTERVAL = Key.of(
            "interval",
            Values.duration(Duration.ofMillis(10), Duration.ofHours(1)),
            HEALTHY.interval(),
            "Between the starts of two probes.");
    public static final Key<Duration> HEALTH_TIMEOUT = Key.of(
            "timeout",
            Values.duration(Duration.ofMillis(1), Duration.ofMinutes(10)),
            HEALTHY.timeout(),
            "After which a probe has failed.");
    public static final Key<Integer> UNHEALTHY_AFTER = Key.of(
            "unhealthy-after",
            Values.integer(1, 1000),
            HEALTHY.unhealthyAfter(),
            "Failures in a row that take a backend out.");
    public static final Key<Integer> HEALTHY_AFTER = Key.of(
            "healthy-after",
            Values.integer(1, 1000),
            HEALTHY.healthyAfter(),
            "Successes in a row that bring a backend back.");
    public static final Key<Integer> HEALTH_WINDOW =
            Key.of("window", Values.integer(10, 1000), HEALTHY.window(), "Probes that loss is reckoned over.");
    public static final Key<Double> MAX_LOSS = Key.of(
            "max-loss",
            Values.decimal(0, 1),
            HEALTHY.maxLoss(),
            "Part of the window's probes that may fail: more take a backend out, half of it lets it back; 1 for no such limit.");
    public static final Key<Integer> HEALTH_PORT =
            Key.open("port", Values.integer(1, 65_535), "the backend's own", "Port that is probed.");
    public static final Key<String> SEND =
            Key.of("send", Values.BYTES, "", "What a TCP or UDP probe sends; UDP has to send something.");
    public static final Key<String> EXPECT = Key.of(
            "expect", Values.BYTES, "", "What has to stand in the answer, of HTTP in its body; empty for anything.");
    public static final Key<String> HTTP_PATH =
            Key.of("path", Values.URL_PATH, HEALTHY.question().path(), "Of HTTP probes.");
    public static final Key<String> HTTP_HOST = Key.open(
            "host",
            Values.HOST_NAME,
            "the backend's",
            "Host that HTTP probes ask for, which the certificate has to be for.");
    public static final Key<HealthSettings.StatusRange> HTTP_STATUS =
            Key.of("status", Values.STATUS, HEALTHY.question().status(), "Of answers to HTTP probes.");
    public static final Key<Boolean> VERIFY_TLS = Key.of(
            "verify-tls",
            Values.BOOLEAN,
            HEALTHY.question().verifyTls(),
            "Whether https probes check the certificate.");
    public static final Key<Duration> HOLD = Key.of(
            "hold",
            Values.duration(Duration.ZERO, Duration.ofDays(1)),
            HEALTHY.holds().probed(),
            "How long a backend stays out at the least that probes bring back; doubled each time that it goes out soon again.");
    public static final Key<Duration> EJECT_FOR = Key.of(
            "eject-for",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            HEALTHY.holds().unprobed(),
            "The same for a backend that no probe can clear: none asks it, or it was taken out for what a connect does not tell.");
    public static final Key<Duration> MAX_HOLD = Key.of(
            "max-hold",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            HEALTHY.holds().most(),
            "The longest that doubling makes of either; one that is longer itself stays as it is.");
    public static final Key<Duration> SILENCE = Key.of(
            "silence",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            HEALTHY.silence(),
            "How long a backend that answers as a rule may leave all its traffic unanswered before it is taken out; 0 for as long"
                    + " as it likes.");
    public static final Key<HealthSettings.Connections> ON_UNHEALTHY = Key.of(
            "on-unhealthy",
            Values.word(HealthSettings.Connections.class),
            HEALTHY.onUnhealthy(),
            "What becomes of TCP connections to a backend that is taken out: they are left, have a while to end, or are reset.");
    public static final Key<Duration> HEALTH_DRAIN = Key.of(
            "drain",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            HEALTHY.drain(),
            "How long they have with on-unhealthy: drain, and those of a backend that is drained by command.");
    public static final Group HEALTH = new Group(
            "health",
            "How backends are probed, and what takes them out and brings them back: docs/HEALTH.md.",
            List.of(
                    HEALTH_PROTOCOL,
                    HEALTH_INTERVAL,
                    HEALTH_TIMEOUT,
                    UNHEALTHY_AFTER,
                    HEALTHY_AFTER,
                    HEALTH_WINDOW,
                    MAX_LOSS,
                    HEALTH_PORT,
                    SEND,
                    EXPECT,
                    HTTP_PATH,
                    HTTP_HOST,
                    HTTP_STATUS,
                    VERIFY_TLS,
                    HOLD,
                    EJECT_FOR,
                    MAX_HOLD,
                    SILENCE,
                    ON_UNHEALTHY,
                    HEALTH_DRAIN));

    public static final Key<String> BACKEND_ID = Key.open(
            "id",
            Values.NAME,
            "its address",
            "What the backend is called in reports and metrics; unique in its service.");
    public static final Key<HostPort> BACKEND_ADDRESS =
            Key.required("address", Values.HOST_PORT, "Where it is: HOST:PORT, a name or an address.");
    public static final Key<BackendSettings.Provider> PROVIDER =
            Key.of("provider", PROVIDER_TYPE, BackendSettings.Provider.ONPREM, "Who runs it.");
    public static final Key<String> REGION = Key.of(
            "region", Values.TEXT, "local", "Where it runs: a region of the cloud's, or, on premises, any name.");
    public static final Key<Double> COST_PER_GB = Key.open(
            "cost-per-gb",
            Values.decimal(0, 1_000_000),
            "what multicloud.prices says, else 0",
            "Price of 10^9 bytes that leave it.");
    public static final Key<Double> WEIGHT = Key.of(
            "weight",
            Values.decimal(0, 1_000_000),
            1.0,
            "Its share of the traffic, for all algorithms but round-robin; 0 for none.");
    public static final Key<Long> BANDWIDTH =
            Key.open("bandwidth", RATE_TYPE, "not known", "What the path to it carries, for the algorithm weighted.");
    public static final Key<Integer> PRIORITY = Key.of(
            "priority", Values.integer(0, 1_000_000), 1, "Its tier for the algorithm failover: the lowest goes first.");
    public static final Key<Integer> BACKEND_MAX = Key.open(
            "max-connections",
            Values.integer(1, 100_000_000),
            "no limit",
            "Connections and UDP sessions that it may have, over all shards.");
    public static final Key<Boolean> BACKEND_ENABLED = Key.of(
            "enabled", Values.BOOLEAN, true, "false: it gets nothing new, and keeps what it has until that ends.");
    public static final Groups BACKENDS = new Groups(
            "backends",
            "Where its traffic goes; at least one.",
            new Group(
                    "",
                    "One backend.",
                    List.of(
                            BACKEND_ID,
                            BACKEND_ADDRESS,
                            PROVIDER,
                            REGION,
                            COST_PER_GB,
                            WEIGHT,
                            BANDWIDTH,
                            PRIORITY,
                            BACKEND_MAX,
                            BACKEND_ENABLED)));

    public static final Groups SERVICES = new Groups(
            "services",
            "What the proxy does for its clients; at least one service.",
            new Group(
                    "",
                    "One service.",
                    List.of(
                            NAME,
                            LISTEN,
                            CLASS,
                            RATE,
                            GUARANTEE,
                            BURST,
                            ALGORITHM,
                            ROUTING,
                            MAX_CONNECTIONS,
                            IDLE_TIMEOUT,
                            CONNECT,
                            ACCEPT,
                            PROXY_PROTOCOL,
                            BACKLOG,
                            BUFFER,
                            TCP_NO_DELAY,
                            SESSION_TIMEOUT,
                            MAX_SESSIONS,
                            SESSION_OVERFLOW,
                            REPLIES,
                            HEALTH,
                            BACKENDS)));

    /** Keys that say nothing about a service without a TCP listener. */
    public static final List<Field> ONLY_TCP =
            List.of(MAX_CONNECTIONS, IDLE_TIMEOUT, CONNECT, ACCEPT, PROXY_PROTOCOL, BACKLOG, BUFFER, TCP_NO_DELAY);

    /** Keys that say nothing about a service without a UDP listener. */
    public static final List<Field> ONLY_UDP = List.of(SESSION_TIMEOUT, MAX_SESSIONS, SESSION_OVERFLOW, REPLIES);

    private ServiceKeys() {}
}
