package io.marchproxy.l3l4.config.settings;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One service: where it listens, how it treats its clients, and its backends. Made by {@link ServiceBuilder}, which has
 * the defaults.
 *
 * @param shaping how fast it may be
 * @param algorithm how a backend is chosen
 * @param routing what the algorithm goes by
 * @param maxConnections TCP connections at the most, over all shards
 * @param idleTimeout after which a silent TCP connection is closed; zero for never
 * @param acceptRate per client address, or null for no limit
 * @param backlog connections that the kernel may keep for us to accept
 * @param bufferBytes per connection and direction
 * @param sessionTimeout after which a silent UDP session ends
 * @param maxSessions UDP sessions at the most, over all shards
 * @param prefixes which of the backends, which are gateways then, destinations lead to; none: all to all
 * @param replies datagrams to the client for each of the client's that complete a UDP session; 0 for no such end
 */
public record ServiceSettings(
        String name,
        List<ListenAddress> listen,
        TrafficClass trafficClass,
        ShapingSettings shaping,
        Algorithm algorithm,
        RoutingSettings routing,
        int maxConnections,
        Duration idleTimeout,
        ConnectSettings connect,
        @Nullable AcceptRate acceptRate,
        ProxyProtocolSettings proxyProtocol,
        int backlog,
        int bufferBytes,
        boolean tcpNoDelay,
        Duration sessionTimeout,
        int maxSessions,
        SessionOverflow sessionOverflow,
        int replies,
        HealthSettings health,
        List<BackendSettings> backends,
        GatewayPrefixes prefixes) {

    /** How a backend is chosen. */
    public enum Algorithm {
        ROUND_ROBIN,
        WEIGHTED_ROUND_ROBIN,
        LEAST_CONNECTIONS,
        LATENCY,
        COST,
        WEIGHTED,
        GEO,
        FAILOVER,
        MAGLEV;

        /** As written in the configuration. */
        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What happens to a new UDP session at the cap. */
    public enum SessionOverflow {
        REJECT,
        EVICT_OLDEST
    }

    public ServiceSettings {
        listen = List.copyOf(listen);
        backends = List.copyOf(backends);
        Ranges.check("max-connections", maxConnections, 1, 100_000_000);
        Ranges.check("idle-timeout", idleTimeout, Duration.ZERO, Duration.ofDays(365));
        Ranges.check("backlog", backlog, 1, 65_535);
        Ranges.check("buffer", bufferBytes, 4_096, 1 << 30);
        Ranges.check("session-timeout", sessionTimeout, Duration.ofMillis(1), Duration.ofDays(365));
        Ranges.check("max-sessions", maxSessions, 1, 100_000_000);
        Ranges.check("replies", replies, 0, 65_535);
    }

    /** Begins a service with all defaults. */
    public static ServiceBuilder builder(String name) {
        return new ServiceBuilder(name);
    }

    /** Whether the service has a listener of a protocol. */
    public boolean speaks(Protocol protocol) {
        return listen.stream().anyMatch(address -> address.protocol() == protocol);
    }
}
