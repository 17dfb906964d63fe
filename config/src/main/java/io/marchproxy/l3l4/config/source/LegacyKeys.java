package io.marchproxy.l3l4.config.source;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.NotYet;
import io.marchproxy.l3l4.config.tree.ConfigNode;
import io.marchproxy.l3l4.config.tree.ConfigNode.Scalar;
import io.marchproxy.l3l4.config.tree.ConfigNode.Sequence;
import io.marchproxy.l3l4.config.tree.Mapping;
import io.marchproxy.l3l4.config.tree.Quote;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.Nearest;
import io.marchproxy.l3l4.config.value.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The keys of the MarchProxy reference proxy, at the top level of a file or as variables with the prefix
 * {@code MARCHPROXY_}. They describe one service; each is turned into today's key, or refused by {@link NotYet}.
 */
final class LegacyKeys {
    private static final String PREFIX = "MARCHPROXY_";
    private static final Set<String> NAMES = LegacyNames.MEANINGS.keySet();

    /** Those that are today's key under another name. */
    private static final Map<String, String> RENAMED = Map.of(
            "manager_url", "manager.url",
            "cluster_api_key", "manager.cluster-api-key",
            "enable_numa", "engine.numa",
            "worker_threads", "engine.shards",
            "enable_qos", "qos.enabled",
            "enable_multicloud", "multicloud.enabled",
            "enable_tracing", "observability.tracing.enabled",
            "jaeger_endpoint", "observability.tracing.endpoint",
            "trace_sample_rate", "observability.tracing.sample-ratio",
            "log_level", "log-level");

    /** Those that speak of the one service. */
    private static final Set<String> OF_SERVICE =
            Set.of("bind_addr", "routing_algorithm", "health_check_interval", "backends");

    /** Those whose words may be written in any case, and truth values as 1, yes or on. */
    private static final Set<String> RELAXED =
            Set.of("log_level", "enable_numa", "enable_qos", "enable_multicloud", "enable_tracing");

    private static final Map<String, String> ALGORITHMS =
            Map.of("roundrobin", "round-robin", "round_robin", "round-robin", "leastconn", "least-connections");

    private final Mapping root;
    private final ServicePatch service;
    private final Faults faults;

    LegacyKeys(Mapping root, ServicePatch service, Faults faults) {
        this.root = root;
        this.service = service;
        this.faults = faults;
    }

    /** Takes the older keys out of the file's tree and puts today's in. */
    void applyFile() {
        Map<String, Mapping.Entry> written = new LinkedHashMap<>();
        for (String name : NAMES) {
            Mapping.Entry entry = root.remove(name);
            if (entry != null) {
                written.put(name, entry);
            }
        }
        boolean services = root.get("services") != null;
        written.forEach((name, entry) -> {
            ConfigNode value = entry.value();
            if (value.isNull()
                    || (value instanceof Scalar scalar && scalar.text().isBlank())) {
                // The reference proxy's own word for nothing.
                return;
            }
            if (services && OF_SERVICE.contains(name)) {
                faults.add(
                        entry.key(),
                        name,
                        "is of the older form, which describes one service; this file has services: write it there");
            } else {
                apply(name, renamed(relaxed(name, value), name), true);
            }
        });
    }

    /** Lays the variables over the tree. */
    void applyEnvironment(Map<String, String> environment) {
        new TreeMap<>(environment).forEach((variable, value) -> {
            if (!variable.startsWith(PREFIX) || value.isBlank()) {
                return;
            }
            String name = variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
            Origin origin = new Origin.Variable(variable);
            if (NAMES.contains(name)) {
                apply(name, fromVariable(name, value.strip(), origin), false);
                return;
            }
            // Other MarchProxy programs have variables of their own; only a likely slip is ours.
            String near = Nearest.of(name, NAMES);
            if (near != null) {
                faults.add(origin, "unknown; did you mean " + PREFIX + near.toUpperCase(Locale.ROOT) + "?");
            }
        });
    }

    /** The reference proxy reads words in any case. */
    private static ConfigNode relaxed(String name, ConfigNode value) {
        return RELAXED.contains(name) && value instanceof Scalar scalar
                ? scalar.withText(Overlay.relaxed(scalar.text()))
                : value;
    }

    private static ConfigNode fromVariable(String name, String value, Origin origin) {
        return switch (name) {
            case "backends" ->
                new Sequence(
                        Pattern.compile(",")
                                .splitAsStream(value)
                                .<ConfigNode>map(item -> new Scalar(item.strip(), origin))
                                .toList(),
                        origin);
            case "dscp_marking" -> {
                Mapping marking = new Mapping(origin);
                for (String pair : value.split(",", -1)) {
                    String[] parts = pair.split("[=:]", 2);
                    marking.put(parts[0].strip(), origin, new Scalar(parts[parts.length - 1].strip(), origin));
                }
                yield marking;
            }
            default -> new Scalar(RELAXED.contains(name) ? Overlay.relaxed(value) : value, origin);
        };
    }

    private void apply(String name, ConfigNode value, boolean inFile) {
        String path = RENAMED.get(name);
        if (path != null) {
            put(path, value, inFile);
            return;
        }
        switch (name) {
            case "bind_addr" -> bindAddress(value);
            case "metrics_addr" -> metricsAddress(value, inFile);
            case "priority_queue_depth" -> {
                for (int number = 0; number < 4; number++) {
                    put("qos.classes.P" + number + ".queue", value, inFile);
                }
            }
            case "dscp_marking" -> codePoints(value, inFile);
            case "routing_algorithm" -> service.set("algorithm", algorithm(value));
            case "health_check_interval" -> service.set("health.interval", value);
            case "backends" -> new LegacyBackends(service, faults).apply(value);
            case "metrics_namespace" -> {
                if (!(value instanceof Scalar scalar && scalar.text().equals("marchproxy"))) {
                    refuse(name, value);
                }
            }
            default -> {
                if (!(value instanceof Scalar scalar && scalar.text().equals("0"))) {
                    refuse(name, value);
                }
            }
        }
    }

    private void put(String path, ConfigNode value, boolean inFile) {
        if (inFile && stands(path)) {
            faults.add(value.origin(), path, "is the older name of " + path + ", which is given too; keep one of them");
        } else {
            Overlay.graft(root, path, value);
        }
    }

    private boolean stands(String path) {
        ConfigNode at = root;
        for (String name : path.split("\\.", -1)) {
            at = at instanceof Mapping mapping ? mapping.get(name) : null;
            if (at == null || at.isNull()) {
                return false;
            }
        }
        return true;
    }

    private void refuse(String name, ConfigNode value) {
        NotYet.row(name).ifPresent(row -> faults.add(value.origin(), name, row.message()));
    }

    private void bindAddress(ConfigNode value) {
        if (!(value instanceof Scalar scalar)) {
            faults.add(value.origin(), "bind_addr", "is " + value.kind() + ", but HOST:PORT is wanted");
            return;
        }
        String address = scalar.text().startsWith(":") ? "*" + scalar.text() : scalar.text();
        try {
            Values.LISTEN.read("tcp://" + address);
            service.set(
                    "listen",
                    new Sequence(
                            List.of(scalar.withText("tcp://" + address), scalar.withText("udp://" + address)),
                            scalar.origin()));
        } catch (BadValueException e) {
            faults.add(scalar.origin(), "bind_addr", Quote.of(scalar.written()) + " " + e.problem());
        }
    }

    private void metricsAddress(ConfigNode value, boolean inFile) {
        if (!(value instanceof Scalar scalar) || scalar.text().lastIndexOf(':') < 0) {
            faults.add(value.origin(), "metrics_addr", "is no HOST:PORT");
            return;
        }
        int colon = scalar.text().lastIndexOf(':');
        String host = scalar.text().substring(0, colon);
        put("admin.address", scalar.withText(host.isEmpty() ? "0.0.0.0" : host), inFile);
        put("admin.port", scalar.withText(scalar.text().substring(colon + 1)), inFile);
    }

    private void codePoints(ConfigNode value, boolean inFile) {
        if (!(value instanceof Mapping marking)) {
            faults.add(value.origin(), "dscp_marking", "is " + value.kind() + ", but a mapping of P0 to P3 is wanted");
            return;
        }
        for (String key : marking.keys()) {
            String number = key.toUpperCase(Locale.ROOT);
            ConfigNode codePoint = marking.get(key);
            if (number.matches("P[0-3]") && codePoint != null) {
                put("qos.classes." + number + ".dscp", codePoint, inFile);
            } else {
                faults.add(marking.keyOrigin(key), "dscp_marking", Quote.of(key) + " is none of P0, P1, P2, P3");
            }
        }
    }

    private static ConfigNode algorithm(ConfigNode value) {
        return value instanceof Scalar scalar && ALGORITHMS.containsKey(scalar.text())
                ? scalar.withText(ALGORITHMS.getOrDefault(scalar.text(), scalar.text()))
                : value;
    }

    /** The same values, which messages then call by the name that the file uses. */
    static ConfigNode renamed(ConfigNode node, String name) {
        return switch (node) {
            case Scalar scalar -> scalar.at(as(scalar.origin(), name));
            case Sequence sequence -> {
                List<ConfigNode> items = new ArrayList<>();
                for (ConfigNode item : sequence.items()) {
                    items.add(renamed(item, name + "[" + items.size() + "]"));
                }
                yield new Sequence(items, as(sequence.origin(), name));
            }
            case Mapping mapping -> {
                Mapping other = new Mapping(as(mapping.origin(), name));
                for (String key : mapping.keys()) {
                    ConfigNode value = mapping.get(key);
                    if (value != null) {
                        String path = name + "." + key;
                        other.put(key, as(mapping.keyOrigin(key), path), renamed(value, path));
                    }
                }
                yield other;
            }
        };
    }

    private static Origin as(Origin origin, String name) {
        return origin instanceof Origin.Line line ? new Origin.Line(line.file(), line.line(), name) : origin;
    }
}
