package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * Settings of the route stage.
 *
 * @param seed of everything that is drawn by chance; the same seed and events give the same choices
 * @param epochOffsetNs to add to the pipeline's time for nanoseconds since 1970 (UTC), which say what day it is
 * @param pools by service number: element i serves service i
 */
public record RouteSettings(long seed, long epochOffsetNs, List<BackendPool> pools) {
    public RouteSettings {
        pools = List.copyOf(pools);
    }

    /** Settings with a fixed seed, for a time that begins with 1970. */
    public RouteSettings(List<BackendPool> pools) {
        this(0, 0, pools);
    }
}
