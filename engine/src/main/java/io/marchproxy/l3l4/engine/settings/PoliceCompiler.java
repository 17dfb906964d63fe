package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.settings.PoliceSettings.Action;
import io.marchproxy.l3l4.config.settings.RuleSettings;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What rules police to, as the shape stage has it. A policer is that of the rule with its conditions, wherever that stands. */
final class PoliceCompiler {
    private PoliceCompiler() {}

    /**
     * Compiles.
     *
     * @param rules as configured
     * @param compiled the same, in the same order
     * @param numbers of policers, by their rules' conditions
     */
    static List<PoliceSettings> compile(List<RuleSettings> rules, List<ClassifyRule> compiled, Numbers<String> numbers)
            throws SettingsException {
        List<PoliceSettings> policing = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < rules.size(); i++) {
            var police = rules.get(i).police();
            String conditions = police == null ? "" : RuleText.conditions(compiled.get(i));
            // What the same conditions say further down is never asked for.
            if (police != null && seen.add(conditions)) {
                policing.add(new PoliceSettings(
                        numbers.of(conditions),
                        i,
                        new RateLimit(police.rateBits(), police.burstBytes()),
                        police.excessBurstBytes(),
                        police.peakRateBits() == 0
                                ? RateLimit.NONE
                                : new RateLimit(police.peakRateBits(), police.peakBurstBytes()),
                        action(police.conform()),
                        action(police.exceed()),
                        action(police.violate())));
            }
        }
        return policing;
    }

    private static int action(Action action) {
        return switch (action.kind()) {
            case PASS -> PoliceSettings.PASS;
            case DROP -> PoliceSettings.DROP;
            case REMARK -> action.dscp();
        };
    }
}
