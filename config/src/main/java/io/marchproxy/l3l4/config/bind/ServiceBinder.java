package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.schema.HealthKeys;
import io.marchproxy.l3l4.config.schema.RoutingKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.AcceptRate;
import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ConnectSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.config.settings.ServiceBuilder;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.config.value.HostPort;

/** Makes the settings of one service. */
final class ServiceBinder {
    private ServiceBinder() {}

    static ServiceSettings service(Bound service) {
        ServiceBuilder builder = ServiceSettings.builder(service.get(ServiceKeys.NAME))
                .trafficClass(service.get(ServiceKeys.CLASS))
                .shaping(shaping(service))
                .algorithm(service.get(ServiceKeys.ALGORITHM))
                .routing(routing(service.group(RoutingKeys.ROUTING)))
                .maxConnections(service.get(ServiceKeys.MAX_CONNECTIONS))
                .idleTimeout(service.get(ServiceKeys.IDLE_TIMEOUT))
                .connect(connect(service.group(ServiceKeys.CONNECT)))
                .acceptRate(service.findGroup(ServiceKeys.ACCEPT)
                        .map(ServiceBinder::acceptRate)
                        .orElse(null))
                .proxyProtocol(proxyProtocol(service.group(ServiceKeys.PROXY_PROTOCOL)))
                .backlog(service.get(ServiceKeys.BACKLOG))
                .bufferBytes(Math.toIntExact(service.get(ServiceKeys.BUFFER)))
                .tcpNoDelay(service.get(ServiceKeys.TCP_NO_DELAY))
                .sessionTimeout(service.get(ServiceKeys.SESSION_TIMEOUT))
                .maxSessions(service.get(ServiceKeys.MAX_SESSIONS))
                .sessionOverflow(service.get(ServiceKeys.SESSION_OVERFLOW))
                .replies(service.get(ServiceKeys.REPLIES))
                .health(health(service.group(HealthKeys.HEALTH)))
                .prefixes(service.prefixes());
        service.list(ServiceKeys.LISTEN).forEach(listen -> builder.listen(listen.value()));
        service.groups(ServiceKeys.BACKENDS).forEach(backend -> builder.backend(backend(backend)));
        return builder.build();
    }

    private static ShapingSettings shaping(Bound service) {
        Bound rate = service.group(ServiceKeys.RATE);
        return new ShapingSettings(
                service.find(ServiceKeys.GUARANTEE).orElse(0L),
                rate.find(ServiceKeys.RATE_TO_BACKEND).orElse(0L),
                rate.find(ServiceKeys.RATE_TO_CLIENT).orElse(0L),
                service.find(ServiceKeys.BURST).orElse(0L),
                ceilings(service.group(ServiceKeys.CLIENT_RATE)),
                ceilings(service.group(ServiceKeys.CONNECTION_RATE)));
    }

    private static ShapingSettings.Ceilings ceilings(Bound rate) {
        return new ShapingSettings.Ceilings(
                rate.find(ServiceKeys.RATE_TO_BACKEND).orElse(0L),
                rate.find(ServiceKeys.RATE_TO_CLIENT).orElse(0L));
    }

    private static RoutingSettings routing(Bound routing) {
        return new RoutingSettings(
                routing.get(RoutingKeys.STICKY),
                routing.get(RoutingKeys.LATENCY_BUDGET),
                routing.get(RoutingKeys.LATENCY_WEIGHT),
                routing.get(RoutingKeys.COST_WEIGHT),
                routing.get(RoutingKeys.BANDWIDTH_WEIGHT),
                routing.get(RoutingKeys.SLOW_START),
                routing.get(RoutingKeys.PANIC_THRESHOLD),
                routing.find(RoutingKeys.DAILY_BUDGET).orElse(0.0),
                routing.get(RoutingKeys.BUDGET_BACK_AT),
                routing.get(RoutingKeys.TABLE_SIZE));
    }

    private static ConnectSettings connect(Bound connect) {
        return new ConnectSettings(
                connect.get(ServiceKeys.CONNECT_TIMEOUT),
                connect.get(ServiceKeys.CONNECT_TRIES),
                connect.get(ServiceKeys.CONNECT_TOTAL));
    }

    private static AcceptRate acceptRate(Bound accept) {
        return new AcceptRate(accept.get(ServiceKeys.ACCEPT_RATE), accept.get(ServiceKeys.ACCEPT_BURST));
    }

    private static ProxyProtocolSettings proxyProtocol(Bound proxy) {
        return new ProxyProtocolSettings(
                proxy.get(ServiceKeys.PROXY_ACCEPT),
                proxy.get(ServiceKeys.PROXY_SEND),
                proxy.get(ServiceKeys.PROXY_TIMEOUT));
    }

    private static HealthSettings health(Bound health) {
        return new HealthSettings(
                health.get(HealthKeys.PROTOCOL),
                health.get(HealthKeys.INTERVAL),
                health.get(HealthKeys.TIMEOUT),
                health.get(HealthKeys.UNHEALTHY_AFTER),
                health.get(HealthKeys.HEALTHY_AFTER),
                health.get(HealthKeys.WINDOW),
                health.get(HealthKeys.MAX_LOSS),
                new HealthSettings.Question(
                        health.find(HealthKeys.PORT).orElse(0),
                        health.get(HealthKeys.SEND),
                        health.get(HealthKeys.EXPECT),
                        health.get(HealthKeys.HTTP_PATH),
                        health.find(HealthKeys.HTTP_HOST).orElse(""),
                        health.get(HealthKeys.HTTP_STATUS),
                        health.get(HealthKeys.VERIFY_TLS)),
                new HealthSettings.Holds(
                        health.get(HealthKeys.HOLD), health.get(HealthKeys.EJECT_FOR), health.get(HealthKeys.MAX_HOLD)),
                health.get(HealthKeys.SILENCE),
                health.get(HealthKeys.ON_UNHEALTHY),
                health.get(HealthKeys.DRAIN));
    }

    private static BackendSettings backend(Bound backend) {
        HostPort address = backend.get(ServiceKeys.BACKEND_ADDRESS);
        return new BackendSettings(
                backend.get(ServiceKeys.BACKEND_ID),
                address.host(),
                address.port(),
                backend.get(ServiceKeys.PROVIDER),
                backend.get(ServiceKeys.REGION),
                backend.find(ServiceKeys.COST_PER_GB).orElse(0.0),
                backend.get(ServiceKeys.WEIGHT),
                backend.find(ServiceKeys.BANDWIDTH).orElse(0L),
                backend.get(ServiceKeys.PRIORITY),
                backend.find(ServiceKeys.BACKEND_MAX).orElse(0),
                backend.get(ServiceKeys.BACKEND_ENABLED));
    }
}
