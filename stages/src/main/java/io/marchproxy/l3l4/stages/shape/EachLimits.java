package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Direction;

/**
 * Ceilings of a service that hold for each of its clients, an address, and for each of its connections and sessions.
 *
 * @param clientToBackend of what comes from one client
 * @param clientToClient of what goes to one client
 * @param connectionToBackend of what comes by one connection or session
 * @param connectionToClient of what goes by one
 */
public record EachLimits(
        RateLimit clientToBackend,
        RateLimit clientToClient,
        RateLimit connectionToBackend,
        RateLimit connectionToClient) {
    /** No ceilings. */
    public static final EachLimits NONE =
            new EachLimits(RateLimit.NONE, RateLimit.NONE, RateLimit.NONE, RateLimit.NONE);

    RateLimit client(boolean toClient) {
        return toClient ? clientToClient : clientToBackend;
    }

    RateLimit connection(boolean toClient) {
        return toClient ? connectionToClient : connectionToBackend;
    }

    /** What one client, and one connection, may have at once in a direction; {@code Long.MAX_VALUE} without a ceiling. */
    public long burstBytes(Direction direction) {
        boolean toClient = direction == Direction.TO_CLIENT;
        return Math.min(burst(client(toClient)), burst(connection(toClient)));
    }

    private static long burst(RateLimit limit) {
        return limit.isSet() ? limit.burstBytes() : Long.MAX_VALUE;
    }

    /** Whether there is any. */
    public boolean isSet() {
        return clientToBackend.isSet()
                || clientToClient.isSet()
                || connectionToBackend.isSet()
                || connectionToClient.isSet();
    }
}
