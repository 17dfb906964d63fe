package io.marchproxy.l3l4.replay.diff;

/**
 * A backend by its names. Two with one service and id are the same backend, whatever else a configuration says of it.
 *
 * @param service as the recording calls it
 * @param id within the service
 * @param provider who runs it; empty when that is not known
 * @param region where; empty when that is not known
 */
public record Route(String service, String id, String provider, String region) {
    /** No backend was chosen. */
    public static final Route NONE = new Route("", "", "", "");

    boolean isSame(Route other) {
        return id.equals(other.id) && service.equals(other.service);
    }

    String label() {
        return id.isEmpty() ? "(none)" : service + " " + id;
    }

    String providerLabel() {
        return provider.isEmpty() ? "(none)" : provider;
    }
}
