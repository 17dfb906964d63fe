package io.marchproxy.l3l4.config.settings;

import io.marchproxy.l3l4.config.value.Regions;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What holds for all services that are routed among clouds.
 *
 * @param enabled false: backends are taken in turn, whatever services say
 * @param provider where the proxy itself runs, or null
 * @param region the same, or null: distances and crossings of regions are not known then
 * @param priceVersion which price table is in force, in its writer's words
 * @param regions places of regions that are not known without
 */
public record MulticloudSettings(
        boolean enabled,
        BackendSettings.@Nullable Provider provider,
        @Nullable String region,
        String priceVersion,
        List<RegionSettings> regions) {
    public static final MulticloudSettings DEFAULT = new MulticloudSettings(true, null, null, "none", List.of());

    public MulticloudSettings {
        regions = List.copyOf(regions);
    }

    /**
     * A region and where it is.
     *
     * @param provider whose it is
     */
    public record RegionSettings(BackendSettings.Provider provider, String region, double latitude, double longitude) {}

    /** Where a region is, if that is known. */
    public Optional<Regions.Place> place(BackendSettings.Provider of, String name) {
        return regions.stream()
                .filter(one -> one.provider() == of && one.region().equals(name))
                .findFirst()
                .map(one -> new Regions.Place(one.latitude(), one.longitude()))
                .or(() -> Regions.place(of.label(), name));
    }

    /** Whether a backend stands in another region than the proxy; never when it is not known where that stands. */
    public boolean isElsewhere(BackendSettings.Provider of, String name) {
        return region != null && !(of == provider && name.equals(region));
    }
}
