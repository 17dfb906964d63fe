package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.ArrayList;
import java.util.List;

/** Settings for tests: a web service, a DNS service, a game, one that a reload took away; three rules. */
public final class TestSettings {
    static final int TCP = 6;
    static final int UDP = 17;
    static final long SECOND_NS = 1_000_000_000L;

    /** TCP, P1, backends 1, 2 and 3; three tries in 5 s; idle after 60 s. */
    static final int WEB = 0;

    /** UDP, P0, backends 10 and 11; 30 s, one reply, four sessions, the fifth refused. */
    static final int DNS = 1;

    /** UDP, P3, backend 20; 10 s, four sessions, the oldest makes way. */
    static final int GAME = 2;

    /** TCP, no longer active. */
    static final int GONE = 3;

    private TestSettings() {}

    static List<ServiceProfile> services() {
        return List.of(
                new ServiceProfile(WEB, "web", TCP, true, 1, 60 * SECOND_NS, 0, false, 0),
                new ServiceProfile(DNS, "dns", UDP, true, 0, 30 * SECOND_NS, 4, false, 1),
                new ServiceProfile(GAME, "game", UDP, true, 3, 10 * SECOND_NS, 4, true, 0),
                new ServiceProfile(GONE, "gone", TCP, false, 2, 60 * SECOND_NS, 0, false, 0));
    }

    static List<ClassifyRule> rules() {
        return List.of(
                new ClassifyRule(
                        UDP, "game", new AddressPrefix(4, 0, 0x0a090000L, 16), null, -1, -1, -1, -1, -1, 2, -1),
                new ClassifyRule(-1, null, null, null, 1, 1023, -1, -1, -1, 0, 8),
                new ClassifyRule(TCP, null, null, null, -1, -1, -1, -1, 46, 0, 0));
    }

    static List<BackendPool> pools() {
        return List.of(
                new BackendPool(List.of(1, 2, 3), 3, 5 * SECOND_NS),
                new BackendPool(List.of(10, 11), 1, SECOND_NS),
                new BackendPool(List.of(20), 1, SECOND_NS),
                new BackendPool(List.of(), 1, SECOND_NS));
    }

    static PipelineSettings initial() {
        return of(1, services(), pools());
    }

    static PipelineSettings of(long version, List<ServiceProfile> services, List<BackendPool> pools) {
        return new PipelineSettings(
                version,
                "hash" + version,
                new ClassifySettings(services, rules()),
                new ShapeSettings(100, 100, 100, 100),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(pools));
    }

    /** The initial settings with one service's profile replaced. */
    static PipelineSettings with(ServiceProfile changed) {
        List<ServiceProfile> services = new ArrayList<>(services());
        services.set(changed.id(), changed);
        return of(2, services, pools());
    }

    /** The initial settings with one service's pool replaced. */
    static PipelineSettings with(int service, BackendPool changed) {
        List<BackendPool> pools = new ArrayList<>(pools());
        pools.set(service, changed);
        return of(2, services(), pools);
    }
}
