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
import io.marchproxy.l3l4.config.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays what is said outside over the file's tree, so that one tree is read and every value in it knows its source. Lowest
 * first: the file, its older keys, {@code MARCHPROXY_} variables, variables, flags.
 */
public final class Overlay {
    private final Mapping root;
    private final Faults faults;
    private final ServicePatch service = new ServicePatch();

    private Overlay(Mapping root, Faults faults) {
        this.root = root;
        this.faults = faults;
    }

    /** Changes the tree to what holds in the end. */
    public static void apply(Mapping root, Map<String, String> environment, Overrides flags, Faults faults) {
        Overlay overlay = new Overlay(root, faults);
        LegacyKeys legacy = new LegacyKeys(root, overlay.service, faults);
        legacy.applyFile();
        legacy.applyEnvironment(environment);
        for (Setting setting : Setting.values()) {
            String variable = setting.variable();
            String value = variable == null ? "" : environment.getOrDefault(variable, "");
            if (variable != null && !value.isBlank()) {
                overlay.set(setting, List.of(value.strip()), new Origin.Variable(variable));
            }
        }
        for (Setting setting : Setting.values()) {
            List<String> values = flags.values(setting);
            String flag = setting.flag();
            if (flag != null && !values.isEmpty()) {
                overlay.set(setting, values, new Origin.Flag(flag));
            }
        }
        overlay.service.apply(root, faults);
    }

    private void set(Setting setting, List<String> values, Origin origin) {
        String text = values.getFirst();
        switch (setting) {
            case LISTEN_PORT -> setPort(text, origin);
            case BACKEND -> setBackends(values, origin);
            case JAEGER_ENDPOINT -> NotYet.row(setting.name()).ifPresent(row -> faults.add(origin, row.message()));
            case LOG_LEVEL, ENABLE_QOS, ENABLE_MULTICLOUD, ENABLE_OTEL, NUMA_OPTIMIZATION ->
                graft(root, setting.path(), new Scalar(relaxed(text), origin));
            case MANAGER_URL, CLUSTER_API_KEY, ADMIN_PORT, DATA_DIR ->
                graft(root, setting.path(), new Scalar(text, origin));
        }
    }

    private void setPort(String text, Origin origin) {
        try {
            Values.integer(0, 65_535).read(text);
            service.port(new Scalar(text, origin));
        } catch (BadValueException e) {
            faults.add(origin, Quote.of(text) + " " + e.problem());
        }
    }

    private void setBackends(List<String> addresses, Origin origin) {
        if (root.origin() instanceof Origin.Line line) {
            faults.add(origin, "is for a run without a file; write the backends into " + line.file());
            return;
        }
        List<ConfigNode> backends = new ArrayList<>();
        for (String address : addresses) {
            Mapping backend = new Mapping(origin);
            backend.put("address", origin, new Scalar(address, origin));
            backends.add(backend);
        }
        service.set("backends", new Sequence(backends, origin));
    }

    /** Outside of files people write ON, 1 or Yes, and INFO. */
    static String relaxed(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return switch (lower) {
            case "1", "yes", "on" -> "true";
            case "0", "no", "off" -> "false";
            case "warning" -> "warn";
            default -> lower;
        };
    }

    /** Puts a value at a path, making the sections on the way; what stands in the way and is no section stays. */
    static void graft(Mapping root, @Nullable String path, ConfigNode value) {
        if (path == null) {
            return;
        }
        Mapping at = root;
        String[] names = path.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            ConfigNode next = at.get(names[i]);
            if (next == null || next.isNull()) {
                next = new Mapping(value.origin());
                at.put(names[i], value.origin(), next);
            }
            if (!(next instanceof Mapping section)) {
                return;
            }
            at = section;
        }
        at.put(names[names.length - 1], value.origin(), value);
    }
}
