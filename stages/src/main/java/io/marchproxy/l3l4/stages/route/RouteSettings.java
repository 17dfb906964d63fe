package io.marchproxy.l3l4.stages.route;

import java.util.List;

/**
 * Settings of the route stage.
 *
 * @param pools by service number: element i serves service i
 */
public record RouteSettings(List<BackendPool> pools) {
    public RouteSettings {
        pools = List.copyOf(pools);
    }
}
