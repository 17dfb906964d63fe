package io.marchproxy.l3l4.config.source;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.ServiceKeys;
import io.marchproxy.l3l4.config.tree.ConfigNode;
import io.marchproxy.l3l4.config.tree.ConfigNode.Scalar;
import io.marchproxy.l3l4.config.tree.ConfigNode.Sequence;
import io.marchproxy.l3l4.config.tree.Mapping;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What flags, variables and older keys say of a service without naming it. It goes to the file's only service, or makes
 * one called {@code default} where the file has none; among several it cannot be placed, and is refused.
 */
final class ServicePatch {
    private static final String DEFAULT_PORT = "8080";

    private final Map<String, ConfigNode> keys = new LinkedHashMap<>();
    private @Nullable Scalar port;

    /** Sets a key by its path within the service, such as {@code health.interval}. */
    void set(String path, ConfigNode value) {
        keys.put(path, value);
    }

    /** Sets the port of all its listeners; checked. */
    void port(Scalar value) {
        port = value;
    }

    void apply(Mapping root, Faults faults) {
        ConfigNode services = root.get(ServiceKeys.SERVICES.name());
        if (services == null
                || services.isNull()
                || (services instanceof Sequence list && list.items().isEmpty())) {
            create(root);
        } else if (services instanceof Sequence list) {
            if (list.items().size() > 1) {
                refuse(list.items().size(), faults);
            } else if (list.items().getFirst() instanceof Mapping service) {
                patch(service);
            }
        }
    }

    private void create(Mapping root) {
        if (keys.isEmpty()) {
            return;
        }
        Mapping service = new Mapping(keys.values().iterator().next().origin());
        Origin origin = Origin.Unwritten.DEFAULT;
        service.put("name", origin, new Scalar("default", origin));
        service.put(
                "listen",
                origin,
                new Sequence(
                        List.of(
                                new Scalar("tcp://*:" + DEFAULT_PORT, origin),
                                new Scalar("udp://*:" + DEFAULT_PORT, origin)),
                        origin));
        patch(service);
        root.put(ServiceKeys.SERVICES.name(), origin, new Sequence(List.of(service), service.origin()));
    }

    private void patch(Mapping service) {
        keys.forEach((path, value) -> Overlay.graft(service, path, value));
        ConfigNode listen = service.get(ServiceKeys.LISTEN.name());
        Scalar newPort = port;
        if (newPort != null && listen != null) {
            List<ConfigNode> items = listen instanceof Sequence sequence ? sequence.items() : List.of(listen);
            List<ConfigNode> moved =
                    items.stream().map(item -> moved(item, newPort)).toList();
            service.put(ServiceKeys.LISTEN.name(), newPort.origin(), new Sequence(moved, newPort.origin()));
        }
    }

    private static ConfigNode moved(ConfigNode listen, Scalar port) {
        if (!(listen instanceof Scalar scalar) || scalar.text().lastIndexOf(':') < 0) {
            return listen;
        }
        String address = scalar.text().substring(0, scalar.text().lastIndexOf(':') + 1) + port.text();
        return new Scalar(address, port.origin());
    }

    private void refuse(int services, Faults faults) {
        String message = "the file has " + services + " services: set this in the file, for the one that is meant";
        keys.forEach((path, value) -> faults.add(value.origin(), path, message));
        if (port != null) {
            faults.add(port.origin(), ServiceKeys.LISTEN.name(), message);
        }
    }
}
