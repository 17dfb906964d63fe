package io.marchproxy.l3l4.config.source;

import io.marchproxy.l3l4.config.value.Secret;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The flags of a command as the user typed them: texts that have yet to be checked. Immutable. */
public final class Overrides {
    private static final Overrides NONE = new Overrides(Map.of());

    private final Map<Setting, List<String>> values;

    private Overrides(Map<Setting, List<String>> values) {
        this.values = values;
    }

    /** No flags. */
    public static Overrides none() {
        return NONE;
    }

    /** These flags and one more; one that may be given once takes the place of its like. */
    public Overrides with(Setting setting, String value) {
        Map<Setting, List<String>> more = new EnumMap<>(Setting.class);
        more.putAll(values);
        List<String> all = new ArrayList<>();
        if (setting == Setting.BACKEND) {
            all.addAll(values.getOrDefault(setting, List.of()));
        }
        all.add(value);
        more.put(setting, List.copyOf(all));
        return new Overrides(more);
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return values.isEmpty();
    }

    /** What a flag was given; empty for nothing. */
    List<String> values(Setting setting) {
        return values.getOrDefault(setting, List.of());
    }

    /** The flags that were given; the key of the cluster masked. */
    @Override
    public String toString() {
        Map<Setting, List<String>> shown = new EnumMap<>(Setting.class);
        shown.putAll(values);
        shown.replace(Setting.CLUSTER_API_KEY, List.of(Secret.MASK));
        return shown.toString();
    }
}
