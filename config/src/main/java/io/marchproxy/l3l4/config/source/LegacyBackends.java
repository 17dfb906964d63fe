package io.marchproxy.l3l4.config.source;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.tree.ConfigNode;
import io.marchproxy.l3l4.config.tree.ConfigNode.Scalar;
import io.marchproxy.l3l4.config.tree.ConfigNode.Sequence;
import io.marchproxy.l3l4.config.tree.Mapping;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The reference proxy's backends: {@code name, url, weight, priority, cloud, region, cost, timeout}. */
final class LegacyBackends {
    private static final Map<String, String> RENAMED =
            Map.of("name", "id", "url", "address", "cloud", "provider", "cost", "cost-per-gb");
    private static final Map<String, String> USUAL_PORTS = Map.of("http", ":80", "https", ":443");

    private final ServicePatch service;
    private final Faults faults;
    private final Set<String> timeouts = new LinkedHashSet<>();

    LegacyBackends(ServicePatch service, Faults faults) {
        this.service = service;
        this.faults = faults;
    }

    void apply(ConfigNode value) {
        if (!(value instanceof Sequence sequence)) {
            faults.add(value.origin(), "backends", "is " + value.kind() + ", but a list of backends is wanted");
            return;
        }
        List<ConfigNode> backends = new ArrayList<>();
        for (ConfigNode item : sequence.items()) {
            backends.add(
                    switch (item) {
                        case Mapping mapping -> backend(mapping);
                        case Scalar scalar -> {
                            Mapping backend = new Mapping(scalar.origin());
                            backend.put("address", scalar.origin(), address(scalar));
                            yield backend;
                        }
                        case Sequence list -> list;
                    });
        }
        service.set("backends", new Sequence(backends, sequence.origin()));
    }

    private Mapping backend(Mapping written) {
        Mapping backend = new Mapping(written.origin());
        for (String key : written.keys()) {
            ConfigNode value = written.get(key);
            if (value == null) {
                continue;
            }
            if (key.equals("timeout")) {
                timeout(value);
            } else {
                ConfigNode today = key.equals("url") && value instanceof Scalar scalar ? address(scalar) : value;
                backend.put(RENAMED.getOrDefault(key, key), written.keyOrigin(key), today);
            }
        }
        return backend;
    }

    /** Today the time for a connect belongs to the service: one that all backends share can be kept. */
    private void timeout(ConfigNode value) {
        if (value instanceof Scalar scalar && !scalar.isNull()) {
            timeouts.add(scalar.text());
        }
        if (timeouts.size() > 1) {
            faults.add(
                    value.origin(),
                    "timeout",
                    "differs from another backend's; all of a service share connect.timeout");
        } else {
            service.set("connect.timeout", value);
        }
    }

    /** An URL without its scheme; a web address without a port gets the usual one. */
    private static Scalar address(Scalar url) {
        String text = url.text();
        int scheme = text.indexOf("://");
        if (scheme < 0) {
            return url;
        }
        String name = text.substring(0, scheme);
        String rest = text.substring(scheme + 3);
        if (rest.endsWith("/")) {
            rest = rest.substring(0, rest.length() - 1);
        }
        if (USUAL_PORTS.containsKey(name)) {
            boolean port = rest.matches(".*:[0-9]+");
            return url.withText(port ? rest : rest + USUAL_PORTS.get(name));
        }
        return name.equals("tcp") || name.equals("udp") ? url.withText(rest) : url;
    }
}
