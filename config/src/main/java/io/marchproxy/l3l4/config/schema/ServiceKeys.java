package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The keys of {@code services}. */
public final class ServiceKeys {
    private static final ServiceSettings DEFAULT =
            ServiceSettings.builder("default").build();
    private static final int ONE_GIB = 1 << 30;

    static final ValueType<Long> RATE_TYPE = Values.rate(ShapingSettings.LOWEST_RATE, ShapingSettings.HIGHEST_RATE);
    static final ValueType<BackendSettings.Provider> PROVIDER_TYPE = Values.word(
            BackendSettings.Provider.class,
            BackendSettings.Provider::label,
            Map.of("on_prem", BackendSettings.Provider.ONPREM));
    static final ValueType<Long> BURST_TYPE = Values.size(ShapingSettings.LEAST_BURST, ShapingSettings.LARGEST_BURST);
    static final String USUAL_BURST = "what 4 ms of the rate bring, from 16KiB to 1MiB";
    static final ValueType<TrafficClass> CLASS_TYPE = Values.word(TrafficClass.class, TrafficClass::name, Map.of());

    public static final Key<String> NAME =
            Key.required("name", Values.NAME, "What the service is called in reports, metrics and rules; unique.");
    public static final ListKey<ListenAddress> LISTEN = new ListKey<>(
            "listen",
            Values.LISTEN,
            "Where it listens: one address or a list. tcp:// and udp:// may share a port; ip://* takes whole IP packets to no other service.");
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
    public static final Group CLIENT_RATE = Group.orOne(
            "client-rate",
            "Rate that no client of the service, an address, exceeds: one for each direction, or each its own.",
            List.of(RATE_TO_BACKEND, RATE_TO_CLIENT));
    public static final Group CONNECTION_RATE = Group.orOne(
            "connection-rate",
            "Rate that no connection or session of the service exceeds: one for each direction, or each its own.",
            List.of(RATE_TO_BACKEND, RATE_TO_CLIENT));
    public static final Key<Long> GUARANTEE = Key.open(
            "guarantee",
            RATE_TYPE,
            "none",
            "Rate that the service has in any case, in each direction: a part of qos.link-rate.");
    public static final Key<Long> BURST = Key.open(
            "burst", BURST_TYPE, USUAL_BURST, "What may pass at once when the service was below its rate before.");
    public static final Key<ServiceSettings.Algorithm> ALGORITHM = Key.of(
            "algorithm",
            Values.word(
                    ServiceSettings.Algorithm.class,
                    ServiceSettings.Algorithm::label,
                    Map.of("weighted_rr", ServiceSettings.Algorithm.WEIGHTED_ROUND_ROBIN)),
            DEFAULT.algorithm(),
            "How a backend is chosen among the healthy ones.");
    public static final Key<Integer> MAX_CONNECTIONS = Key.of(
            "max-connections",
            Values.integer(1, 100_000_000),
            DEFAULT.maxConnections(),
            "TCP connections at the most, over all shards.");
    public static final Key<Duration> IDLE_TIMEOUT = Key.of(
            "idle-timeout",
            Values.duration(Duration.ZERO, Duration.ofDays(365)),
            DEFAULT.idleTimeout(),
            "A TCP connection silent for so long is closed, a flow of IP packets ends; 0 for never.");
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

    public static final Key<String> BACKEND_ID = Key.open(
            "id",
            Values.NAME,
            "its address",
            "What the backend is called in reports and metrics; unique in its service.");
    public static final Key<HostPort> BACKEND_ADDRESS =
            Key.required("address", Values.BACKEND, "Where it is: HOST:PORT, a name or an address.");
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
    public static final ListKey<IpPrefix> PREFIXES = new ListKey<>(
            "prefixes",
            Values.PREFIX,
            false,
            "Of a gateway of ip://*: destinations that lead through it. The longest prefix decides; several gateways may have one.");
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
                            BACKEND_ENABLED,
                            PREFIXES)));
    public static final Key<Path> PREFIX_FILE = Key.open(
            "prefix-file",
            Values.PATH,
            "none",
            "Of ip://*: more prefixes, a line each: PREFIX and the ids of its gateways; # begins a comment. Stands beside the file that names it, unless it begins with /.");

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
                            CLIENT_RATE,
                            CONNECTION_RATE,
                            GUARANTEE,
                            BURST,
                            ALGORITHM,
                            RoutingKeys.ROUTING,
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
                            HealthKeys.HEALTH,
                            PREFIX_FILE,
                            BACKENDS)));

    /** Keys that say nothing about a service without a TCP listener. */
    public static final List<Field> ONLY_TCP =
            List.of(MAX_CONNECTIONS, IDLE_TIMEOUT, CONNECT, ACCEPT, PROXY_PROTOCOL, BACKLOG, BUFFER, TCP_NO_DELAY);

    /** Keys that say nothing about a service without a UDP listener. */
    public static final List<Field> ONLY_UDP = List.of(SESSION_TIMEOUT, MAX_SESSIONS, SESSION_OVERFLOW, REPLIES);

    private ServiceKeys() {}
}
