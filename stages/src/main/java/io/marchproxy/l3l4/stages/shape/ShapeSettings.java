package io.marchproxy.l3l4.stages.shape;

import java.util.List;

/**
 * Settings of the shape stage. Rates are of the whole service; each of {@code shards} shards keeps to an even part.
 *
 * @param link ceiling of everything, in each direction
 * @param classes P0 to P3, in this order
 * @param services by number; those past the list's end have no limits
 * @param shards how many share the rates
 * @param codel how queues of datagrams are kept short
 * @param policing of rules that police; no rule twice, and no policer
 */
public record ShapeSettings(
        RateLimit link,
        List<ClassLimits> classes,
        List<ServiceLimits> services,
        int shards,
        CodelSettings codel,
        List<PoliceSettings> policing) {
    private static final int CLASSES = 4;

    public ShapeSettings {
        policing = List.copyOf(policing);
        classes = List.copyOf(classes);
        services = List.copyOf(services);
        if (classes.size() != CLASSES) {
            throw new IllegalArgumentException("there are four classes, not " + classes.size());
        }
        for (int i = 0; i < services.size(); i++) {
            int other = services.get(i).sharesWith();
            if (other >= i || (other >= 0 && services.get(other).isSharing())) {
                throw new IllegalArgumentException("service " + i + " shares the limits of " + other);
            }
        }
        if (shards < 1) {
            throw new IllegalArgumentException(shards + " shards");
        }
    }

    /** With queues that are as long as they may be. */
    public ShapeSettings(RateLimit link, List<ClassLimits> classes, List<ServiceLimits> services, int shards) {
        this(link, classes, services, shards, CodelSettings.OFF);
    }

    /** Without policing. */
    public ShapeSettings(
            RateLimit link, List<ClassLimits> classes, List<ServiceLimits> services, int shards, CodelSettings codel) {
        this(link, classes, services, shards, codel, List.of());
    }

    /** Without any rate. */
    public ShapeSettings(int queuePacketsP0, int queuePacketsP1, int queuePacketsP2, int queuePacketsP3) {
        this(
                RateLimit.NONE,
                List.of(
                        new ClassLimits(queuePacketsP0, RateLimit.NONE),
                        new ClassLimits(queuePacketsP1, RateLimit.NONE),
                        new ClassLimits(queuePacketsP2, RateLimit.NONE),
                        new ClassLimits(queuePacketsP3, RateLimit.NONE)),
                List.of(),
                1);
    }

    /** Whether any packet may have to wait. */
    public boolean limitsAnything() {
        return link.isSet()
                || classes.stream().anyMatch(one -> one.ceiling().isSet())
                || services.stream()
                        .anyMatch(one -> one.toBackend().isSet()
                                || one.toClient().isSet()
                                || one.each().isSet());
    }

    /** The same without any rate: everything that waits leaves. */
    public ShapeSettings unlimited() {
        return new ShapeSettings(
                RateLimit.NONE,
                classes.stream()
                        .map(one -> new ClassLimits(one.queuePackets(), RateLimit.NONE, RateLimit.NONE, one.weight()))
                        .toList(),
                List.of(),
                shards,
                CodelSettings.OFF);
    }
}
