package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.HealthKeys;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.MulticloudKeys;
import io.marchproxy.l3l4.config.schema.QosKeys;
import io.marchproxy.l3l4.config.schema.RoutingKeys;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings.Version;
import io.marchproxy.l3l4.config.settings.RoutingSettings.Sticky;
import io.marchproxy.l3l4.config.settings.ServiceSettings.Algorithm;
import java.util.BitSet;
import java.util.List;

/**
 * Finds keys that tune what is switched off. They may stay, for who switches it on again, but their writer is told: a key
 * that is taken in silence is believed to work.
 */
final class Idle {
    private static final String QOS_IS_OFF = "qos.enabled is false";
    private static final List<Group> RATES =
            List.of(ServiceKeys.RATE, ServiceKeys.CLIENT_RATE, ServiceKeys.CONNECTION_RATE);

    private final Bound root;
    private final Faults warnings;

    Idle(Bound root, Faults warnings) {
        this.root = root;
        this.warnings = warnings;
    }

    void check() {
        boolean logsLatency =
                root.group(Catalogue.OBSERVABILITY).group(Catalogue.LATENCY).get(Catalogue.LATENCY_ENABLED);
        boolean flowStateIsOff = isOff(Catalogue.FLOW_STATE);
        boolean keepsBudgets = root.groups(ServiceKeys.SERVICES).stream()
                .anyMatch(service -> service.group(RoutingKeys.ROUTING)
                        .find(RoutingKeys.DAILY_BUDGET)
                        .isPresent());
        if (isOff(Catalogue.JOURNAL) && flowStateIsOff && !logsLatency && !keepsBudgets) {
            String why = "nothing is kept there while engine.journal.mode and engine.flow-state.mode are off"
                    + " and no service has a daily-budget";
            tell(root, Catalogue.DATA_DIR, why);
        }
        Bound engine = root.group(Catalogue.ENGINE);
        if (flowStateIsOff) {
            Bound flowState = engine.group(Catalogue.FLOW_STATE);
            idle(
                    flowState,
                    "engine.flow-state.mode is off",
                    Catalogue.FLOW_STATE_INTERVAL,
                    Catalogue.FLOW_STATE_MAX_AGE);
        }
        if (!engine.get(Catalogue.NUMA)) {
            idle(engine, "engine.numa is false", Catalogue.IRQ_AFFINITY);
        }
        checkQos(root.group(QosKeys.QOS), root.groups(ServiceKeys.SERVICES));
        root.groups(ServiceKeys.SERVICES).forEach(this::checkService);
        root.groups(ServiceKeys.SERVICES).forEach(this::checkRouting);
        root.groups(ServiceKeys.SERVICES).forEach(this::checkGateways);
        checkExports(root.group(Catalogue.OBSERVABILITY));
        Bound manager = root.group(Catalogue.MANAGER);
        if (manager.find(Catalogue.MANAGER_URL).isEmpty()) {
            idle(manager, "there is no manager.url", Catalogue.POLL_INTERVAL, Catalogue.HEARTBEAT_INTERVAL);
        }
    }

    /** Whether a section of the engine has a mode that is off; a section with a fault has none. */
    private boolean isOff(Group group) {
        return root.group(Catalogue.ENGINE).slots().get(group.name()) instanceof Bound.Section section
                && section.bound() != null
                && section.bound().slots().get("mode") instanceof Bound.Value mode
                && String.valueOf(mode.value()).equals("OFF");
    }

    private void checkQos(Bound qos, List<Bound> services) {
        Bound classes = qos.group(QosKeys.CLASS_GROUP);
        boolean off = !qos.get(QosKeys.ENABLED);
        if (off) {
            idle(qos, QOS_IS_OFF, QosKeys.LINK_RATE, QosKeys.RULES);
            for (Bound service : services) {
                for (Group rate : RATES) {
                    idle(service.group(rate), QOS_IS_OFF, ServiceKeys.RATE_TO_BACKEND, ServiceKeys.RATE_TO_CLIENT);
                }
                idle(service, QOS_IS_OFF, ServiceKeys.GUARANTEE, ServiceKeys.BURST);
            }
        }
        boolean limits = limits(qos, services);
        Bound codel = qos.group(QosKeys.CODEL);
        if (off) {
            idle(codel, QOS_IS_OFF, QosKeys.CODEL_ENABLED, QosKeys.CODEL_TARGET, QosKeys.CODEL_INTERVAL);
        } else if (!limits) {
            String why = "no rate is set, so no packet waits";
            idle(codel, why, QosKeys.CODEL_ENABLED, QosKeys.CODEL_TARGET, QosKeys.CODEL_INTERVAL);
        } else if (!codel.get(QosKeys.CODEL_ENABLED)) {
            idle(codel, "qos.codel.enabled is false", QosKeys.CODEL_TARGET, QosKeys.CODEL_INTERVAL);
        }
        for (QosKeys.ClassKeys keys : QosKeys.CLASSES) {
            Bound one = classes.group(keys.group());
            if (off) {
                idle(one, QOS_IS_OFF, keys.dscp(), keys.guarantee(), keys.ceiling(), keys.weight(), keys.queue());
            } else if (!limits) {
                idle(one, "no rate is set, so no packet waits", keys.weight(), keys.queue());
            }
        }
    }

    /** Whether there is any rate that a packet may have to wait for. */
    private static boolean limits(Bound qos, List<Bound> services) {
        Bound classes = qos.group(QosKeys.CLASS_GROUP);
        return qos.find(QosKeys.LINK_RATE).isPresent()
                || QosKeys.CLASSES.stream()
                        .anyMatch(keys ->
                                classes.group(keys.group()).find(keys.ceiling()).isPresent())
                || services.stream()
                        .flatMap(service -> RATES.stream().map(service::group))
                        .anyMatch(rate -> rate.find(ServiceKeys.RATE_TO_BACKEND).isPresent()
                                || rate.find(ServiceKeys.RATE_TO_CLIENT).isPresent());
    }

    private void checkService(Bound service) {
        Bound health = service.group(HealthKeys.HEALTH);
        if (health.get(HealthKeys.PROTOCOL) == Probe.NONE) {
            idle(
                    health,
                    "health.protocol is none",
                    HealthKeys.INTERVAL,
                    HealthKeys.TIMEOUT,
                    HealthKeys.UNHEALTHY_AFTER,
                    HealthKeys.HEALTHY_AFTER,
                    HealthKeys.WINDOW,
                    HealthKeys.MAX_LOSS,
                    HealthKeys.HOLD);
        }
        Bound proxy = service.group(ServiceKeys.PROXY_PROTOCOL);
        if (proxy.get(ServiceKeys.PROXY_ACCEPT) == Version.NONE) {
            idle(proxy, "proxy-protocol.accept is none", ServiceKeys.PROXY_TIMEOUT);
        }
    }

    private void checkRouting(Bound service) {
        Algorithm algorithm = service.get(ServiceKeys.ALGORITHM);
        Bound routing = service.group(RoutingKeys.ROUTING);
        String why = "the algorithm is " + algorithm.label();
        if (!root.group(MulticloudKeys.MULTICLOUD).get(MulticloudKeys.ENABLED)) {
            idle(service, "multicloud.enabled is false", ServiceKeys.ALGORITHM);
        }
        if (algorithm != Algorithm.COST) {
            idle(routing, why, RoutingKeys.LATENCY_BUDGET);
        }
        if (algorithm != Algorithm.WEIGHTED) {
            idle(routing, why, RoutingKeys.LATENCY_WEIGHT, RoutingKeys.COST_WEIGHT, RoutingKeys.BANDWIDTH_WEIGHT);
        }
        if (routing.find(RoutingKeys.DAILY_BUDGET).isEmpty()) {
            idle(routing, "there is no daily-budget", RoutingKeys.BUDGET_BACK_AT);
        }
        boolean hashes = algorithm == Algorithm.MAGLEV || routing.get(RoutingKeys.STICKY) == Sticky.CLIENT;
        if (!hashes) {
            idle(routing, "neither maglev nor sticky is chosen", RoutingKeys.TABLE_SIZE);
        }
        for (Bound backend : service.groups(ServiceKeys.BACKENDS)) {
            if (algorithm == Algorithm.ROUND_ROBIN && backend.get(ServiceKeys.WEIGHT) != 1) {
                idle(backend, why, ServiceKeys.WEIGHT);
            }
            if (algorithm != Algorithm.WEIGHTED) {
                idle(backend, why, ServiceKeys.BANDWIDTH);
            }
            if (algorithm != Algorithm.FAILOVER && backend.get(ServiceKeys.PRIORITY) != 1) {
                idle(backend, why, ServiceKeys.PRIORITY);
            }
        }
    }

    private void checkGateways(Bound service) {
        List<Placed<ListenAddress>> listen = service.list(ServiceKeys.LISTEN);
        if (!listen.getFirst().value().equals(ListenAddress.IP_PACKETS)) {
            return;
        }
        warnings.add(
                listen.getFirst().origin(),
                listen.getFirst().path(),
                "has no effect on a service that runs, which takes no IP packets from networks yet; explain and replay-tools do");
        GatewayPrefixes prefixes = service.prefixes();
        List<Bound> gateways = service.groups(ServiceKeys.BACKENDS);
        BitSet having = new BitSet();
        for (int i = 0; i < prefixes.size(); i++) {
            having.set(prefixes.gateway(i));
        }
        for (int i = 0; i < gateways.size() && prefixes.size() > 0; i++) {
            if (!having.get(i)) {
                warnings.add(gateways.get(i).origin(), gateways.get(i).path(), "has no prefix, and gets nothing");
            }
        }
    }

    private void checkExports(Bound observability) {
        Bound tracing = observability.group(Catalogue.TRACING);
        if (!tracing.get(Catalogue.TRACING_ENABLED)) {
            String why = "observability.tracing.enabled is false";
            idle(tracing, why, Catalogue.TRACING_ENDPOINT, Catalogue.SAMPLE_RATIO);
        }
        Bound ipfix = observability.group(Catalogue.IPFIX);
        if (!ipfix.get(Catalogue.IPFIX_ENABLED)) {
            idle(ipfix, "observability.ipfix.enabled is false", Catalogue.IPFIX_COLLECTOR);
        }
        Bound latency = observability.group(Catalogue.LATENCY);
        if (!latency.get(Catalogue.LATENCY_ENABLED)) {
            String why = "observability.latency.enabled is false";
            idle(latency, why, Catalogue.LATENCY_INTERVAL, Catalogue.LATENCY_MAX_SIZE);
        }
    }

    private void idle(Bound section, String why, Field... fields) {
        for (Field field : fields) {
            section.markIdle(field);
            tell(section, field, why);
        }
    }

    private void tell(Bound section, Field field, String why) {
        Origin origin = switch (field) {
            case Key<?> key -> section.origin(key);
            case Groups groups
            when !section.groups(groups).isEmpty() ->
                section.groups(groups).getFirst().origin();
            default -> Origin.Unwritten.DEFAULT;
        };
        boolean valueless = field instanceof Key<?> key && section.find(key).isEmpty();
        if (origin != Origin.Unwritten.DEFAULT && !valueless) {
            warnings.add(origin, section.path(field), "has no effect: " + why);
        }
    }
}
