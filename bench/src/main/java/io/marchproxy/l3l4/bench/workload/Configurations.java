package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.List;

/** One service with four backends, as small services are. */
final class Configurations {
    /** Of the service's flows. */
    static final long IDLE_TIMEOUT_NS = 30_000_000_000L;

    private static final int ANY = -1;
    private static final int EF = 46;
    private static final int AF41 = 34;
    private static final int AF21 = 18;
    static final int MANY_BACKENDS = 100;
    private static final long CONNECT_TOTAL_NS = 1_000_000_000L;
    private static final int QUEUE_PACKETS = 1_000;

    private Configurations() {}

    static PipelineSettings pipeline(int protocol, int sessionCap) {
        return new PipelineSettings(1, "", classify(protocol, sessionCap, 10), shape(), mark(), route());
    }

    /** Rules that name other networks, and a last one that matches every packet of {@link Traffic}. */
    static ClassifySettings classify(int protocol, int sessionCap, int rules) {
        ServiceProfile service =
                new ServiceProfile(0, "measured", protocol, true, 2, IDLE_TIMEOUT_NS, sessionCap, false, 0);
        List<ClassifyRule> all = new ArrayList<>();
        for (int i = 1; i < rules; i++) {
            all.add(rule(new AddressPrefix(4, 0, 0xc000_0000L + ((long) i << 8), 24)));
        }
        if (rules > 0) {
            all.add(rule(new AddressPrefix(4, 0, 0x0a00_0000L, 8)));
        }
        return new ClassifySettings(List.of(service), all);
    }

    private static ClassifyRule rule(AddressPrefix source) {
        return new ClassifyRule(ANY, null, source, null, ANY, ANY, ANY, ANY, ANY, 1, ANY);
    }

    static ShapeSettings shape() {
        return new ShapeSettings(QUEUE_PACKETS, QUEUE_PACKETS, QUEUE_PACKETS, QUEUE_PACKETS);
    }

    /** The same with limits that are far above what {@link Traffic} brings. */
    static ShapeSettings limitedShape() {
        RateLimit limit = new RateLimit(8_000_000_000L, 1 << 20);
        ClassLimits one = new ClassLimits(QUEUE_PACKETS, limit);
        return new ShapeSettings(limit, List.of(one, one, one, one), List.of(new ServiceLimits(limit, limit)), 1);
    }

    static MarkSettings mark() {
        return new MarkSettings(true, EF, AF41, AF21, 0);
    }

    /** A hundred backends that differ in weight, bandwidth, tier, cost and distance. */
    static RouteSettings route(RouteAlgorithm algorithm, boolean isSticky) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < MANY_BACKENDS; i++) {
            members.add(new PoolMember(
                    i,
                    i * 0x9e3779b97f4a7c15L,
                    true,
                    1 + i % 7,
                    1_000_000_000L * (1 + i % 10),
                    1 + i % 2,
                    1_000_000,
                    0.01 * (i % 4),
                    100.0 * (i % 5)));
        }
        RouteChoice choice = RouteChoice.of(algorithm).withSticky(isSticky);
        return new RouteSettings(42, 0, List.of(new BackendPool(members, choice, 3, CONNECT_TOTAL_NS)));
    }

    static RouteSettings route() {
        return new RouteSettings(List.of(new BackendPool(List.of(0, 1, 2, 3), 3, CONNECT_TOTAL_NS)));
    }
}
