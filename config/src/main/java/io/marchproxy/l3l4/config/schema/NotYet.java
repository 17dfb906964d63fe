package io.marchproxy.l3l4.config.schema;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the design has and this version has not: refused by name, never accepted and ignored. A feature that arrives
 * strikes its rows from {@link #TABLE}, and turns its {@link Later} fields of the catalogue into keys.
 */
public final class NotYet {
    private static final String OBSERVABILITY = "the observability release";
    private static final String QOS = "the quality-of-service release";
    private static final String MANAGER = "the manager release";
    private static final String LAYER3 = "the layer 3 release";

    private static final String REMOVE = "remove the key";

    /**
     * A row.
     *
     * @param path with {@code []} for any section of a list, {@code *} for any class
     * @param refused whether a written value asks for the feature
     * @param accepted the values that do not, for the JSON schema; null where the key's type lists them itself
     * @param feature begins the message
     * @param remedy what to do instead
     * @param release when it comes
     */
    public record Row(
            String path,
            Predicate<String> refused,
            @Nullable List<Object> accepted,
            String feature,
            String remedy,
            String release) {
        /** The message for the user. */
        public String message() {
            return feature + " not in this version yet; " + remedy + " (it comes with " + release + ")";
        }
    }

    private static final List<Row> TABLE = List.of(
            off("observability.tracing.enabled", "trace export is", OBSERVABILITY),
            off("observability.ipfix.enabled", "IPFIX export is", OBSERVABILITY),
            any("JAEGER_ENDPOINT", "trace export is", "unset it", OBSERVABILITY),
            any("metrics_namespace", "another prefix of metrics than marchproxy is", REMOVE, OBSERVABILITY),
            any("manager.url", "the manager is", "remove the key or set it to null", MANAGER),
            any("manager.cluster-api-key", "the manager is", "remove the key or set it to null", MANAGER),
            new Row(
                    "services[].listen",
                    text -> text.matches("(tun|l3|raw|xdp|af-xdp|interface|packet):.*"),
                    null,
                    "layer 3 is",
                    "listen on tcp://, udp:// or ip://*",
                    LAYER3),
            zero("default_bandwidth", "the older form of services[].rate is", QOS),
            zero("burst_size", "the older form of services[].burst is", QOS));

    private static final Map<String, Row> BY_PATH =
            TABLE.stream().collect(Collectors.toUnmodifiableMap(Row::path, row -> row));

    /** What people call the parts of layer 3, which has no keys yet that a slip could be told from. */
    private static final Pattern LAYER3_WORDS =
            Pattern.compile("l3|layer-?3|interfaces?|routes?|routing-table|gateways?"
                    + "|next-hops?|ip-forward(ing)?|forwarding|tun|tap|tunnels?|devices?|nics?|(af-)?xdp");

    private NotYet() {}

    /** The message for a key that is of no section but names what a later version will have. */
    public static Optional<String> unknown(String key) {
        String word = key.toLowerCase(Locale.ROOT).replace('_', '-');
        return LAYER3_WORDS.matcher(word).matches()
                ? Optional.of("layer 3 is not in this version yet; " + REMOVE + " (it comes with " + LAYER3 + ")")
                : Optional.empty();
    }

    /** All rows, in order of release. */
    public static List<Row> rows() {
        return TABLE;
    }

    /** The row of a path such as {@code services[3].rate}, if it has one. */
    public static Optional<Row> row(String path) {
        String general = path.replaceAll("\\[\\d+]", "[]")
                .replaceAll("\\.P[0-3](?=\\.)", ".*")
                .replaceAll("listen\\[]$", "listen");
        return Optional.ofNullable(BY_PATH.get(general));
    }

    private static Row off(String path, String feature, String release) {
        return new Row(path, "true"::equals, List.of(false), feature, "set it to false or remove the key", release);
    }

    private static Row any(String path, String feature, String remedy, String release) {
        return new Row(path, _ -> true, List.of(), feature, remedy, release);
    }

    private static Row zero(String path, String feature, String release) {
        return new Row(path, text -> !text.equals("0"), List.of(0), feature, REMOVE, release);
    }
}
