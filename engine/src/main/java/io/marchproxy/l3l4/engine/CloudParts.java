package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.MulticloudSettings;
import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.stages.route.RouteFigures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What the status tells of clouds: by service, and by provider and region. */
final class CloudParts {
    private record Place(BackendSettings.Provider provider, String region) {}

    private final List<Shard> shards;
    private final long epochOffsetNs;

    /**
     * Reads off shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     */
    CloudParts(List<Shard> shards, long epochOffsetNs) {
        this.shards = shards;
        this.epochOffsetNs = epochOffsetNs;
    }

    StatusReport.CloudStatus status(CompiledSettings settings, long nowNs) {
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        MulticloudSettings multicloud = settings.source().multicloud();
        BackendSettings.Provider provider = multicloud.provider();
        String home = provider == null ? "" : provider.label() + " " + multicloud.region();
        Map<Place, StatusReport.RegionStatus> regions = new LinkedHashMap<>();
        for (CompiledBackend backend : settings.backends()) {
            BackendSettings of = backend.settings();
            regions.merge(
                    new Place(of.provider(), of.region()),
                    region(backend, multicloud.isElsewhere(of.provider(), of.region())),
                    CloudParts::sum);
        }
        return new StatusReport.CloudStatus(
                multicloud.priceVersion(),
                home,
                settings.services().stream()
                        .filter(CompiledService::active)
                        .map(service -> routing(service, multicloud.enabled(), day))
                        .toList(),
                List.copyOf(regions.values()));
    }

    private StatusReport.RegionStatus region(CompiledBackend backend, boolean crossing) {
        int index = backend.target().index();
        long flows = 0;
        long toBackend = 0;
        long toClient = 0;
        double cost = 0;
        for (Shard shard : shards) {
            RouteFigures figures = shard.pipeline().routeFigures();
            flows += figures.flows(index);
            toBackend += shard.perBackend().bytesToBackend(index);
            toClient += shard.perBackend().bytesToClient(index);
            cost += figures.cost(index);
        }
        BackendSettings of = backend.settings();
        return new StatusReport.RegionStatus(
                of.provider().label(), of.region(), crossing, flows, toBackend, toClient, cost);
    }

    private static StatusReport.RegionStatus sum(StatusReport.RegionStatus one, StatusReport.RegionStatus other) {
        return new StatusReport.RegionStatus(
                one.provider(),
                one.region(),
                one.crossing(),
                one.flows() + other.flows(),
                one.bytesToBackend() + other.bytesToBackend(),
                one.bytesToClient() + other.bytesToClient(),
                one.cost() + other.cost());
    }

    private StatusReport.RoutingStatus routing(CompiledService service, boolean isEnabled, long day) {
        int id = service.id();
        long panics = 0;
        long refused = 0;
        double spent = 0;
        boolean saving = false;
        for (Shard shard : shards) {
            RouteFigures figures = shard.pipeline().routeFigures();
            panics += figures.panics(id);
            refused += figures.refused(id);
            spent += figures.spentOn(id, day);
            saving |= figures.isSaving(id);
        }
        RoutingSettings routing = service.settings().routing();
        return new StatusReport.RoutingStatus(
                id,
                service.settings().name(),
                service.protocolLabel(),
                isEnabled ? service.settings().algorithm().label() : "round-robin",
                routing.sticky() == RoutingSettings.Sticky.CLIENT,
                panics,
                refused,
                routing.dailyBudget(),
                spent,
                saving);
    }
}
