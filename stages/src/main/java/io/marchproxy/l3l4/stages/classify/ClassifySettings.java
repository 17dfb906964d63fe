package io.marchproxy.l3l4.stages.classify;

import java.util.List;

/**
 * Settings of the classify stage.
 *
 * @param services by number: element i has id i
 * @param rules in order; the first that matches gives class and code point
 */
public record ClassifySettings(List<ServiceProfile> services, List<ClassifyRule> rules) {
    public ClassifySettings {
        services = List.copyOf(services);
        rules = RuleList.of(rules);
        for (int i = 0; i < services.size(); i++) {
            if (services.get(i).id() != i) {
                throw new IllegalArgumentException("service " + services.get(i).name() + " stands at " + i
                        + " but has the number " + services.get(i).id());
            }
        }
    }
}
