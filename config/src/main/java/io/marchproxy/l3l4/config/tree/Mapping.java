package io.marchproxy.l3l4.config.tree;

import io.marchproxy.l3l4.config.fault.Origin;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keys and values in written order. Later layers put their values in place of the file's, hence not immutable. */
public final class Mapping implements ConfigNode {
    /** A key's value, and where the key stands. */
    public record Entry(Origin key, ConfigNode value) {}

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Origin origin;

    public Mapping(Origin origin) {
        this.origin = origin;
    }

    @Override
    public Origin origin() {
        return origin;
    }

    @Override
    public String kind() {
        return "a mapping";
    }

    public Set<String> keys() {
        return entries.keySet();
    }

    /** The value of a key, or null. */
    public @Nullable ConfigNode get(String key) {
        Entry entry = entries.get(key);
        return entry == null ? null : entry.value();
    }

    /** Where a key stands; the mapping's own place when it is absent. */
    public Origin keyOrigin(String key) {
        Entry entry = entries.get(key);
        return entry == null ? origin : entry.key();
    }

    /** Puts a value in place of any other. */
    public void put(String key, Origin keyOrigin, ConfigNode value) {
        entries.put(key, new Entry(keyOrigin, value));
    }

    /** Takes a key out. */
    public @Nullable Entry remove(String key) {
        return entries.remove(key);
    }
}
