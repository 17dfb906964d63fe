package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.settings.RuleText;
import io.marchproxy.l3l4.replay.diff.Ledger;
import io.marchproxy.l3l4.replay.diff.Route;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** What one configuration's numbers of services, backends and rules are in the ledger, and what a backend costs. */
final class SideNames {
    private static final int UNKNOWN = -1;

    private final Ledger ledger;
    private final IntFunction<String> serviceLabel;
    private int[] routes = {};
    private double[] costPerGb = {};
    private int[] rules = {0};

    /**
     * Names without settings yet.
     *
     * @param serviceLabel what the report calls a service
     */
    SideNames(Ledger ledger, IntFunction<String> serviceLabel) {
        this.ledger = ledger;
        this.serviceLabel = serviceLabel;
    }

    /** Takes a snapshot in. Backends of earlier ones stay known: flows keep to them. */
    void take(PipelineSettings settings) {
        settings.route()
                .pools()
                .forEach(pool -> pool.backends().forEach(number -> {
                    if (number >= routes.length || routes[number] == UNKNOWN) {
                        put(number, new Route("", "backend " + number, "", ""), 0);
                    }
                }));
        for (Names.Backend backend : settings.names().backends()) {
            put(
                    backend.number(),
                    new Route(
                            serviceLabel.apply(backend.service()), backend.id(), backend.provider(), backend.region()),
                    backend.costPerGb());
        }
        List<ClassifyRule> inOrder = settings.classify().rules();
        rules = new int[inOrder.size() + 1];
        for (int i = 0; i < inOrder.size(); i++) {
            rules[i + 1] = ledger.rule(RuleText.of(inOrder.get(i)));
        }
    }

    private void put(int number, Route route, double cost) {
        if (number >= routes.length) {
            int before = routes.length;
            routes = Arrays.copyOf(routes, number + 1);
            costPerGb = Arrays.copyOf(costPerGb, number + 1);
            Arrays.fill(routes, before, routes.length, UNKNOWN);
        }
        routes[number] = ledger.route(route);
        costPerGb[number] = cost;
    }

    /** The ledger's number of a backend. */
    int route(int backend) {
        return backend < 0 || backend >= routes.length || routes[backend] == UNKNOWN ? 0 : routes[backend];
    }

    /** What 10^9 bytes cost that leave a backend. */
    double costPerGb(int backend) {
        return backend < 0 || backend >= costPerGb.length ? 0 : costPerGb[backend];
    }

    /** The ledger's number of a rule, as descriptors have it: one more than its index, or 0. */
    int rule(int rule) {
        return rule < rules.length ? rules[rule] : ledger.rule("rule " + rule + " of an earlier configuration");
    }
}
