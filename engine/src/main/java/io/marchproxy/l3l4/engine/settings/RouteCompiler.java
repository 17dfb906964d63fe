package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.MulticloudSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.config.value.Regions;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.GreatCircle;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.util.List;
import java.util.Optional;

/** How services choose among their backends, in the route stage's terms. */
final class RouteCompiler {
    /** FNV-1a, 64 bits (RFC 9923): what a backend is told by must be the same on every proxy and after every start. */
    private static final long FNV_BASIS = 0xcbf29ce484222325L;

    private static final long FNV_PRIME = 0x100000001b3L;

    private final MulticloudSettings multicloud;
    private final Optional<Regions.Place> home;
    private final GatewayCompiler gateways;

    RouteCompiler(MulticloudSettings multicloud, GatewayCompiler gateways) {
        this.multicloud = multicloud;
        this.gateways = gateways;
        BackendSettings.Provider provider = multicloud.provider();
        String region = multicloud.region();
        this.home = provider == null || region == null ? Optional.empty() : multicloud.place(provider, region);
    }

    BackendPool pool(ServiceSettings service, List<CompiledBackend> backends) {
        if (!backends.isEmpty() && service.speaks(Protocol.IP)) {
            return new BackendPool(
                    backends.stream().map(this::member).toList(),
                    choice(service),
                    gateways.compile(service.prefixes()));
        }
        return new BackendPool(
                backends.stream().map(this::member).toList(),
                choice(service),
                service.connect().tries(),
                service.connect().total().toNanos());
    }

    private PoolMember member(CompiledBackend backend) {
        BackendSettings settings = backend.settings();
        return new PoolMember(
                backend.target().index(),
                identity(settings),
                settings.enabled(),
                settings.weight(),
                settings.bandwidth(),
                settings.priority(),
                settings.maxConnections(),
                settings.costPerGb(),
                distanceKm(settings));
    }

    private double distanceKm(BackendSettings settings) {
        if (settings.provider() == multicloud.provider() && settings.region().equals(multicloud.region())) {
            return 0;
        }
        return home.flatMap(here -> multicloud
                        .place(settings.provider(), settings.region())
                        .map(there ->
                                GreatCircle.km(here.latitude(), here.longitude(), there.latitude(), there.longitude())))
                .orElse(PoolMember.UNKNOWN_KM);
    }

    private static long identity(BackendSettings settings) {
        long hash = FNV_BASIS;
        for (char letter : (settings.id() + "@" + settings.host() + ":" + settings.port()).toCharArray()) {
            hash = (hash ^ letter) * FNV_PRIME;
        }
        return hash;
    }

    private RouteChoice choice(ServiceSettings service) {
        RoutingSettings routing = service.routing();
        return new RouteChoice(
                multicloud.enabled()
                        ? RouteAlgorithm.valueOf(service.algorithm().name())
                        : RouteAlgorithm.ROUND_ROBIN,
                routing.sticky() == RoutingSettings.Sticky.CLIENT,
                routing.latencyBudget().toNanos(),
                routing.latencyWeight(),
                routing.costWeight(),
                routing.bandwidthWeight(),
                routing.slowStart().toNanos(),
                routing.panicThreshold(),
                routing.dailyBudget(),
                routing.budgetBackAt(),
                routing.tableSize());
    }
}
