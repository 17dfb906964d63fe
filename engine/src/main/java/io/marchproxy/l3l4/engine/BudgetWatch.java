package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.RoutingSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator why traffic goes elsewhere: that a service has spent its day's money, and that it has some again. Within a day that
 * is twice at the most unless its budget is changed. The control thread looks, any thread may ask.
 */
final class BudgetWatch {
    private static final Logger LOG = LoggerFactory.getLogger(BudgetWatch.class);

    private record Change(boolean saves, long atNs) {}

    /** By service, such as {@code web/tcp}, once it has ever saved. */
    private final Map<String, Change> changes = new ConcurrentHashMap<>();

    /**
     * Whether a service saves.
     *
     * @param shardSaves whether any shard does, as of its last flow: one that is idle has not noticed midnight, or a budget that is gone
     * @param spent today
     */
    static boolean saves(RoutingSettings routing, boolean shardSaves, double spent) {
        double budget = routing.dailyBudget();
        return shardSaves && budget > 0 && spent >= budget * routing.budgetBackAt() / 100;
    }

    /** Looks at a service, and tells when it saves from now on, or no more. */
    void look(CompiledService service, boolean shardSaves, double spent, long nowNs) {
        RoutingSettings routing = service.settings().routing();
        boolean saves = saves(routing, shardSaves, spent);
        String label = service.label();
        Change last = changes.get(label);
        if (saves == (last != null && last.saves())) {
            return;
        }
        changes.put(label, new Change(saves, nowNs));
        if (saves) {
            LOG.warn(
                    "service {} has spent its daily budget, {} of {}: new flows go to the cheapest backends until midnight UTC, or until"
                            + " a reload raises it",
                    label,
                    money(spent),
                    money(routing.dailyBudget()));
        } else {
            LOG.info(
                    "service {} saves no more, {} of {} are spent today: new flows go by {} again",
                    label,
                    money(spent),
                    routing.dailyBudget() > 0 ? money(routing.dailyBudget()) : "no limit",
                    service.settings().algorithm().label());
        }
    }

    /** Forgets services that are there no more. */
    void retain(CompiledSettings settings) {
        Set<String> there =
                settings.services().stream().map(CompiledService::label).collect(Collectors.toSet());
        changes.keySet().retainAll(there);
    }

    /** When a service, such as {@code web/tcp}, last began or ceased to save, as {@link System#nanoTime()}; else what is given. */
    long changedNs(String service, long neverNs) {
        Change last = changes.get(service);
        return last == null ? neverNs : last.atNs();
    }

    private static String money(double sum) {
        return String.format(Locale.ROOT, "%.4f", sum);
    }
}
