package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.MulticloudKeys;
import io.marchproxy.l3l4.config.schema.RoutingKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.BackendSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings.Algorithm;
import io.marchproxy.l3l4.config.tree.Quote;
import io.marchproxy.l3l4.config.value.Nearest;
import io.marchproxy.l3l4.config.value.Regions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Settles prices, and finds regions that nobody has, weights that leave nothing, and what an algorithm lacks. */
final class CloudChecks {
    /** Of a price: holds wherever no other does. */
    private static final String EVERYWHERE = "*";

    private final Bound multicloud;
    private final List<Bound> services;
    private final Faults faults;
    private final Map<BackendSettings.Provider, Set<String>> regions = new LinkedHashMap<>();

    CloudChecks(Bound root, Faults faults) {
        this.multicloud = root.group(MulticloudKeys.MULTICLOUD);
        this.services = root.groups(ServiceKeys.SERVICES);
        this.faults = faults;
    }

    void check() {
        for (Bound place : multicloud.groups(MulticloudKeys.REGIONS)) {
            Optional<BackendSettings.Provider> provider = place.find(MulticloudKeys.PLACE_PROVIDER);
            Optional<String> region = place.find(MulticloudKeys.PLACE_REGION);
            if (provider.isPresent() && region.isPresent()) {
                known(provider.get()).add(region.get());
            }
        }
        checkHome();
        Map<String, Placed<String>> priced = new LinkedHashMap<>();
        for (Bound price : multicloud.groups(MulticloudKeys.PRICES)) {
            checkPrice(price, priced);
        }
        for (Bound service : services) {
            checkService(service);
        }
    }

    private Set<String> known(BackendSettings.Provider provider) {
        // Read when the first region is asked for: most configurations name none, and a start should not wait for it.
        return regions.computeIfAbsent(provider, it -> new TreeSet<>(Regions.of(it.label())));
    }

    private void checkHome() {
        Optional<BackendSettings.Provider> provider = multicloud.find(MulticloudKeys.PROVIDER);
        Optional<String> region = multicloud.find(MulticloudKeys.REGION);
        if (provider.isPresent() && region.isPresent()) {
            checkRegion(multicloud, provider.get(), MulticloudKeys.REGION, region.get());
        } else if (provider.isPresent() || region.isPresent()) {
            Key<?> written = provider.isPresent() ? MulticloudKeys.PROVIDER : MulticloudKeys.REGION;
            faults.add(
                    multicloud.origin(written),
                    multicloud.path(written),
                    "says half of where the proxy runs: give provider and region, or neither");
        }
    }

    private void checkPrice(Bound price, Map<String, Placed<String>> priced) {
        Optional<BackendSettings.Provider> provider = price.find(MulticloudKeys.PRICE_PROVIDER);
        Optional<String> region = price.find(MulticloudKeys.PRICE_REGION);
        if (provider.isEmpty() || region.isEmpty()) {
            return;
        }
        if (!region.get().equals(EVERYWHERE)) {
            checkRegion(price, provider.get(), MulticloudKeys.PRICE_REGION, region.get());
        }
        String what = provider.get().label() + " " + region.get();
        Placed<String> first = priced.putIfAbsent(what, new Placed<>(what, price.path(), price.origin()));
        if (first != null) {
            faults.add(
                    price.origin(),
                    price.path(),
                    "has the price of " + what + ", which " + first.path() + " has as well ("
                            + first.origin().place() + ")");
        }
    }

    /** On premises a region is called as its owner likes; the clouds' have names. */
    private void checkRegion(Bound section, BackendSettings.Provider provider, Key<String> key, String region) {
        Origin origin = section.origin(key);
        boolean isGiven = origin != Origin.Unwritten.DEFAULT;
        if (!isGiven || provider == BackendSettings.Provider.ONPREM) {
            return;
        }
        Set<String> known = known(provider);
        if (known.contains(region)) {
            return;
        }
        String near = Nearest.of(region, known);
        String hint = near == null ? "multicloud.regions takes those that are new" : "did you mean " + near + "?";
        faults.add(origin, section.path(key), Quote.of(region) + " is no region of " + provider.label() + "; " + hint);
    }

    private void checkService(Bound service) {
        Algorithm algorithm = service.find(ServiceKeys.ALGORITHM).orElse(Algorithm.ROUND_ROBIN);
        List<Bound> backends = service.groups(ServiceKeys.BACKENDS);
        boolean hasWeight = backends.isEmpty();
        boolean isEnabled = backends.isEmpty();
        for (Bound backend : backends) {
            BackendSettings.Provider provider =
                    backend.find(ServiceKeys.PROVIDER).orElse(BackendSettings.Provider.ONPREM);
            backend.find(ServiceKeys.REGION)
                    .ifPresent(region -> checkRegion(backend, provider, ServiceKeys.REGION, region));
            boolean takesTraffic = backend.find(ServiceKeys.BACKEND_ENABLED).orElse(true);
            hasWeight |= takesTraffic && backend.find(ServiceKeys.WEIGHT).orElse(1.0) > 0;
            isEnabled |= takesTraffic;
            if (algorithm == Algorithm.GEO) {
                checkPlace(backend, provider);
            }
            settlePrice(backend, provider);
        }
        if (!hasWeight && isEnabled) {
            Bound first = backends.stream()
                    .filter(backend -> backend.find(ServiceKeys.BACKEND_ENABLED).orElse(true))
                    .findFirst()
                    .orElseThrow();
            faults.add(
                    first.origin(ServiceKeys.WEIGHT),
                    first.path(ServiceKeys.WEIGHT),
                    "is 0, as are those of all other backends of the service that are enabled: nobody would get anything");
        }
        if (!isEnabled) {
            faults.add(
                    backends.getFirst().origin(ServiceKeys.BACKEND_ENABLED),
                    backends.getFirst().path(ServiceKeys.BACKEND_ENABLED),
                    "is false, as it is for all other backends of the service");
        }
        if (algorithm == Algorithm.GEO && multicloud.find(MulticloudKeys.REGION).isEmpty()) {
            faults.add(
                    service.origin(ServiceKeys.ALGORITHM),
                    service.path(ServiceKeys.ALGORITHM),
                    "geo needs to know where the proxy runs: multicloud.provider and multicloud.region");
        }
        checkScore(service, algorithm);
    }

    private void checkScore(Bound service, Algorithm algorithm) {
        Bound routing = service.group(RoutingKeys.ROUTING);
        boolean counts = routing.get(RoutingKeys.LATENCY_WEIGHT) > 0
                || routing.get(RoutingKeys.COST_WEIGHT) > 0
                || routing.get(RoutingKeys.BANDWIDTH_WEIGHT) > 0;
        if (algorithm == Algorithm.WEIGHTED && !counts) {
            faults.add(
                    routing.origin(RoutingKeys.LATENCY_WEIGHT),
                    routing.path(RoutingKeys.LATENCY_WEIGHT),
                    "is 0, as are cost-weight and bandwidth-weight: nothing would count");
        }
    }

    private void checkPlace(Bound backend, BackendSettings.Provider provider) {
        String region = backend.find(ServiceKeys.REGION).orElse("");
        Origin origin = backend.origin(ServiceKeys.REGION);
        boolean isToldElsewhere = provider != BackendSettings.Provider.ONPREM && origin != Origin.Unwritten.DEFAULT;
        if (!isToldElsewhere && !known(provider).contains(region)) {
            faults.add(
                    origin == Origin.Unwritten.DEFAULT ? backend.origin() : origin,
                    backend.path(ServiceKeys.REGION),
                    "geo needs to know where " + Quote.of(region) + " is: say it in multicloud.regions");
        }
    }

    private void settlePrice(Bound backend, BackendSettings.Provider provider) {
        String region = backend.find(ServiceKeys.REGION).orElse("");
        double price =
                price(provider, region).or(() -> price(provider, EVERYWHERE)).orElse(0.0);
        backend.settle(ServiceKeys.COST_PER_GB, price);
    }

    private Optional<Double> price(BackendSettings.Provider provider, String region) {
        return multicloud.groups(MulticloudKeys.PRICES).stream()
                .filter(price -> price.find(MulticloudKeys.PRICE_PROVIDER).equals(Optional.of(provider))
                        && price.find(MulticloudKeys.PRICE_REGION).equals(Optional.of(region)))
                .findFirst()
                .flatMap(price -> price.find(MulticloudKeys.PRICE));
    }
}
