package io.marchproxy.l3l4.stages.shape;

/**
 * What the shape stage knows of a service.
 *
 * @param toBackend ceiling of what goes to backends
 * @param toClient ceiling of what goes to clients
 */
public record ServiceLimits(RateLimit toBackend, RateLimit toClient) {
    /** A service without limits. */
    public static final ServiceLimits NONE = new ServiceLimits(RateLimit.NONE, RateLimit.NONE);
}
