package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.ListKey;
import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.value.ValueType;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A section that has been read: each of its keys with a value that is written or a default, or with none. */
public final class Bound {
    /** What stands behind a key. */
    sealed interface Slot permits Value, Values, Section, Sections {}

    /** A value, its type to show it with, and where it stands; null for none. */
    record Value(@Nullable Object value, ValueType<?> type, Origin origin) implements Slot {}

    /** A list of values; single when one stood there by itself. */
    record Values(List<Value> values, boolean single) implements Slot {}

    /** A section; null for one that was left out with all that it would say. */
    record Section(@Nullable Bound bound) implements Slot {}

    /** A list of sections. */
    record Sections(List<Bound> bounds) implements Slot {}

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final Set<String> idle = new HashSet<>();
    private final Set<String> misread = new HashSet<>();
    private final String path;
    private final Origin origin;

    private GatewayPrefixes prefixes = GatewayPrefixes.NONE;
    private final boolean mistaken;
    private final boolean single;

    Bound(String path, Origin origin, boolean mistaken) {
        this(path, origin, mistaken, false);
    }

    private Bound(String path, Origin origin, boolean mistaken, boolean single) {
        this.path = path;
        this.origin = origin;
        this.mistaken = mistaken;
        this.single = single;
    }

    /** A section in whose place one value stands, for all of its keys. */
    static Bound single(String path, Origin origin) {
        return new Bound(path, origin, false, true);
    }

    /** Whether one value stands for all of its keys: what is wrong with it is one fault. */
    boolean single() {
        return single;
    }

    /** Whether something else than a section stood there, which has been told: what it lacks is no further fault. */
    boolean mistaken() {
        return mistaken;
    }

    void put(Field field, Slot slot) {
        slots.put(field.name(), slot);
    }

    Map<String, Slot> slots() {
        return slots;
    }

    /** Says of a key that what stood there could not be read, which has been told. */
    void markMisread(Field field) {
        misread.add(field.name());
    }

    /** Whether what stood there could not be read: its value is what it would be if nothing stood there. */
    boolean misread(Field field) {
        return misread.contains(field.name());
    }

    /** Says of a key that it changes nothing as things are. */
    void markIdle(Field field) {
        idle.add(field.name());
    }

    /** Whether a key changes nothing as things are. */
    boolean isIdle(String name) {
        return idle.contains(name);
    }

    /** Of a service: what was read of its gateways' prefixes, theirs and those of a file. */
    GatewayPrefixes prefixes() {
        return prefixes;
    }

    void prefixes(GatewayPrefixes read) {
        prefixes = read;
    }

    /** Where the section begins. */
    Origin origin() {
        return origin;
    }

    /** The path of one of its keys, such as {@code services[0].name}. */
    String path(Field field) {
        return path.isEmpty() ? field.name() : path + "." + field.name();
    }

    /** The section's own path. */
    String path() {
        return path;
    }

    /** A key's value; not for keys that may have none. */
    <T> T get(Key<T> key) {
        return find(key).orElseThrow(() -> new IllegalStateException(path(key) + " has neither a value nor a default"));
    }

    /** A key's value, if it has one. */
    @SuppressWarnings("unchecked") // The reader put it there by the key's own type.
    <T> Optional<T> find(Key<T> key) {
        return Optional.ofNullable((T) value(key).value());
    }

    /** Where a key's value stands. */
    Origin origin(Key<?> key) {
        return value(key).origin();
    }

    /** Gives a key that was left open the value that follows from the others. */
    <T> void settle(Key<T> key, T value) {
        if (value(key).value() == null) {
            put(key, new Value(value, key.type(), Origin.Unwritten.DEFAULT));
        }
    }

    /** A list's values. */
    @SuppressWarnings("unchecked") // The reader put them there by the key's own type.
    <T> List<Placed<T>> list(ListKey<T> key) {
        Values list = slots.get(key.name()) instanceof Values found ? found : new Values(List.of(), false);
        List<Value> values = list.values();
        return IntStream.range(0, values.size())
                .filter(i -> values.get(i).value() != null)
                .mapToObj(i -> new Placed<>(
                        (T) Objects.requireNonNull(values.get(i).value()),
                        path(key) + (list.single() ? "" : "[" + i + "]"),
                        values.get(i).origin()))
                .toList();
    }

    /** A section that always holds. */
    Bound group(Group group) {
        return findGroup(group).orElseThrow(() -> new IllegalStateException(path(group) + " was not read"));
    }

    /** A section, if it was given. */
    Optional<Bound> findGroup(Group group) {
        return slots.get(group.name()) instanceof Section section
                ? Optional.ofNullable(section.bound())
                : Optional.empty();
    }

    /** A list of sections. */
    List<Bound> groups(Groups groups) {
        return slots.get(groups.name()) instanceof Sections sections ? sections.bounds() : List.of();
    }

    /** Whether something else than a list of sections stood there, which has been told. */
    boolean unread(Groups groups) {
        return !(slots.get(groups.name()) instanceof Sections);
    }

    /** Where something other than the default was written, if it was. */
    Optional<Origin> changed(Field field) {
        return switch (field) {
            case Key<?> key -> {
                Value value = value(key);
                boolean same = value.value() == null || value.value().equals(key.otherwise());
                yield same || value.origin() == Origin.Unwritten.DEFAULT
                        ? Optional.empty()
                        : Optional.of(value.origin());
            }
            case Group group ->
                findGroup(group)
                        .flatMap(bound -> group.fields().stream()
                                .flatMap(inner -> bound.changed(inner).stream())
                                .findFirst());
            default -> Optional.empty();
        };
    }

    private Value value(Key<?> key) {
        return slots.get(key.name()) instanceof Value value ? value : new Value(null, key.type(), origin);
    }
}
