package io.marchproxy.l3l4.config.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds a service's settings; what is not set has its default. */
public final class ServiceBuilder {
    private final String name;
    private final List<ListenAddress> listen = new ArrayList<>();
    private final List<BackendSettings> backends = new ArrayList<>();
    private TrafficClass trafficClass = TrafficClass.P3;
    private ShapingSettings shaping = ShapingSettings.NONE;
    private ServiceSettings.Algorithm algorithm = ServiceSettings.Algorithm.ROUND_ROBIN;
    private RoutingSettings routing = RoutingSettings.DEFAULT;
    private int maxConnections = 100_000;
    private Duration idleTimeout = Duration.ofSeconds(60);
    private ConnectSettings connect = ConnectSettings.DEFAULT;
    private @Nullable AcceptRate acceptRate;
    private ProxyProtocolSettings proxyProtocol = ProxyProtocolSettings.DEFAULT;
    private int backlog = 4096;
    private int bufferBytes = 256 * 1024;
    private boolean tcpNoDelay = true;
    private Duration sessionTimeout = Duration.ofSeconds(30);
    private int maxSessions = 100_000;
    private ServiceSettings.SessionOverflow sessionOverflow = ServiceSettings.SessionOverflow.REJECT;
    private int replies;
    private @Nullable HealthSettings health;
    private GatewayPrefixes prefixes = GatewayPrefixes.NONE;

    ServiceBuilder(String name) {
        this.name = name;
    }

    public ServiceBuilder listen(Protocol protocol, String host, int port) {
        listen.add(new ListenAddress(protocol, host, port));
        return this;
    }

    public ServiceBuilder listen(ListenAddress address) {
        listen.add(address);
        return this;
    }

    public ServiceBuilder backend(String id, String host, int port) {
        backends.add(new BackendSettings(id, host, port));
        return this;
    }

    public ServiceBuilder backend(BackendSettings backend) {
        backends.add(backend);
        return this;
    }

    public ServiceBuilder trafficClass(TrafficClass value) {
        trafficClass = value;
        return this;
    }

    public ServiceBuilder shaping(ShapingSettings value) {
        shaping = value;
        return this;
    }

    public ServiceBuilder algorithm(ServiceSettings.Algorithm value) {
        algorithm = value;
        return this;
    }

    public ServiceBuilder routing(RoutingSettings value) {
        routing = value;
        return this;
    }

    public ServiceBuilder maxConnections(int value) {
        maxConnections = value;
        return this;
    }

    public ServiceBuilder idleTimeout(Duration value) {
        idleTimeout = value;
        return this;
    }

    public ServiceBuilder connect(ConnectSettings value) {
        connect = value;
        return this;
    }

    public ServiceBuilder acceptRate(@Nullable AcceptRate value) {
        acceptRate = value;
        return this;
    }

    public ServiceBuilder proxyProtocol(ProxyProtocolSettings value) {
        proxyProtocol = value;
        return this;
    }

    public ServiceBuilder backlog(int value) {
        backlog = value;
        return this;
    }

    public ServiceBuilder bufferBytes(int value) {
        bufferBytes = value;
        return this;
    }

    public ServiceBuilder tcpNoDelay(boolean value) {
        tcpNoDelay = value;
        return this;
    }

    public ServiceBuilder sessionTimeout(Duration value) {
        sessionTimeout = value;
        return this;
    }

    public ServiceBuilder maxSessions(int value) {
        maxSessions = value;
        return this;
    }

    public ServiceBuilder sessionOverflow(ServiceSettings.SessionOverflow value) {
        sessionOverflow = value;
        return this;
    }

    public ServiceBuilder replies(int value) {
        replies = value;
        return this;
    }

    public ServiceBuilder health(HealthSettings value) {
        health = value;
        return this;
    }

    public ServiceBuilder prefixes(GatewayPrefixes value) {
        prefixes = value;
        return this;
    }

    /** The service. Unless told, backends of one with a TCP listener are probed by TCP, those of others not at all. */
    public ServiceSettings build() {
        boolean tcp = listen.stream().anyMatch(address -> address.protocol() == Protocol.TCP);
        HealthSettings probes = health;
        if (probes == null) {
            probes = tcp
                    ? HealthSettings.DEFAULT_TCP
                    : HealthSettings.DEFAULT_TCP.withProtocol(HealthSettings.Probe.NONE);
        }
        return new ServiceSettings(
                name,
                listen,
                trafficClass,
                shaping,
                algorithm,
                routing,
                maxConnections,
                idleTimeout,
                connect,
                acceptRate,
                proxyProtocol,
                backlog,
                bufferBytes,
                tcpNoDelay,
                sessionTimeout,
                maxSessions,
                sessionOverflow,
                replies,
                probes,
                backends,
                prefixes);
    }
}
