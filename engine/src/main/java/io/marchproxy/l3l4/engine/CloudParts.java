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

/** What the status tells of clouds: by service, and by provider and region. Any thread. */
final class CloudParts {
    private final List<Shard> shards;
    private final long epochOffsetNs;
    private final RegionSums regions;
    private final Shares shares;
    private final long startedNs;

    /**
     * Reads off shards.
     *
     * @param epochOffsetNs to add to the monotonic time for nanoseconds since 1970 (UTC)
     * @param startedNs when the process started, as {@link System#nanoTime()}
     */
    CloudParts(List<Shard> shards, long epochOffsetNs, Shares shares, long startedNs) {
        this.shards = shards;
        this.epochOffsetNs = epochOffsetNs;
        this.shares = shares;
        this.startedNs = startedNs;
        this.regions = new RegionSums(new Figures(shards));
    }

    StatusReport.CloudStatus status(CompiledSettings settings, long nowNs) {
        long day = TimeUnit.NANOSECONDS.toDays(nowNs + epochOffsetNs);
        MulticloudSettings multicloud = settings.source().multicloud();
        BackendSettings.Provider provider = multicloud.provider();
        String home = provider == null ? "" : provider.label() + " " + multicloud.region();
        Map<Integer, RegionSums.Place> places = new LinkedHashMap<>();
        for (CompiledBackend backend : settings.backends()) {
            BackendSettings of = backend.settings();
            places.put(backend.target().index(), new RegionSums.Place(of.provider(), of.region()));
        }
        return new StatusReport.CloudStatus(
                multicloud.priceVersion(),
                home,
                settings.services().stream()
                        .filter(CompiledService::active)
                        .map(service -> routing(service, multicloud.enabled(), day))
                        .toList(),
                regions.read(places).stream()
                        .map(region -> region(region, multicloud))
                        .toList());
    }

    private static StatusReport.RegionStatus region(RegionSums.Region region, MulticloudSettings multicloud) {
        RegionSums.Place place = region.place();
        return new StatusReport.RegionStatus(
                place.provider().label(),
                place.region(),
                multicloud.isElsewhere(place.provider(), place.region()),
                region.flows(),
                region.exchanged().bytesToBackend(),
                region.exchanged().bytesToClient(),
                region.exchanged().cost());
    }

    private StatusReport.RoutingStatus routing(CompiledService service, boolean isEnabled, long day) {
        int id = service.id();
        long panics = 0;
        long refused = 0;
        double spent = shares.spentBefore(service.label(), day);
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
                BudgetWatch.saves(routing, saving, spent),
                shares.savingChangedNs(service.label(), startedNs) - startedNs);
    }

    /** Reads backends off all shards. */
    private record Figures(List<Shard> shards) implements RegionSums.Source {
        @Override
        public long flows(int backend) {
            long flows = 0;
            for (Shard shard : shards) {
                flows += shard.pipeline().routeFigures().flows(backend);
            }
            return flows;
        }

        @Override
        public RegionSums.Exchanged exchanged(int backend) {
            long toBackend = 0;
            long toClient = 0;
            double cost = 0;
            for (Shard shard : shards) {
                toBackend += shard.perBackend().bytesToBackend(backend);
                toClient += shard.perBackend().bytesToClient(backend);
                cost += shard.pipeline().routeFigures().cost(backend);
            }
            return new RegionSums.Exchanged(toBackend, toClient, cost);
        }
    }
}
