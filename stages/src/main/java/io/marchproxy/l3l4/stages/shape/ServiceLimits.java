package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Direction;

/**
 * What the shape stage knows of a service.
 *
 * @param guarantee that it has in any case, in each direction
 * @param toBackend ceiling of what goes to backends
 * @param toClient ceiling of what goes to clients
 * @param sharesWith the number of the service, lower than its own, whose limits are its limits too, so that both together keep to
 *     them; −1 for none. Two that share once share always
 * @param each ceilings for each client and connection
 */
public record ServiceLimits(
        RateLimit guarantee, RateLimit toBackend, RateLimit toClient, int sharesWith, EachLimits each) {
    private static final int NOBODY = -1;

    /** A service without limits. */
    public static final ServiceLimits NONE = new ServiceLimits(RateLimit.NONE, RateLimit.NONE);

    /** Without a guarantee. */
    public ServiceLimits(RateLimit toBackend, RateLimit toClient) {
        this(RateLimit.NONE, toBackend, toClient);
    }

    /** By itself. */
    public ServiceLimits(RateLimit guarantee, RateLimit toBackend, RateLimit toClient) {
        this(guarantee, toBackend, toClient, NOBODY, EachLimits.NONE);
    }

    /** What another service's limits are for, too. */
    public static ServiceLimits sharing(int with) {
        return new ServiceLimits(RateLimit.NONE, RateLimit.NONE, RateLimit.NONE, with, EachLimits.NONE);
    }

    /** The same, with ceilings for each client and connection. */
    public ServiceLimits with(EachLimits limits) {
        return new ServiceLimits(guarantee, toBackend, toClient, sharesWith, limits);
    }

    /** The ceiling of a direction. */
    public RateLimit of(Direction direction) {
        return direction == Direction.TO_BACKEND ? toBackend : toClient;
    }

    /** Whether it keeps to another service's limits. */
    public boolean isSharing() {
        return sharesWith != NOBODY;
    }
}
