package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.Later;
import io.marchproxy.l3l4.config.schema.ListKey;
import io.marchproxy.l3l4.config.schema.NotYet;
import io.marchproxy.l3l4.config.tree.ConfigNode;
import io.marchproxy.l3l4.config.tree.ConfigNode.Scalar;
import io.marchproxy.l3l4.config.tree.ConfigNode.Sequence;
import io.marchproxy.l3l4.config.tree.Mapping;
import io.marchproxy.l3l4.config.tree.Quote;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.Nearest;
import io.marchproxy.l3l4.config.value.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a tree by the catalogue: every key known, every value of its type, or a fault that says what was meant. */
public final class SectionReader {
    private static final int LONGEST_VALUE = 4096;

    private final Faults faults;

    public SectionReader(Faults faults) {
        this.faults = faults;
    }

    /** Reads a whole configuration. */
    public Bound read(Mapping root) {
        return section(Catalogue.ROOT, root, "", root.origin());
    }

    private Bound section(Group group, @Nullable ConfigNode node, String path, Origin parent) {
        if (group.whole() && node instanceof Scalar scalar && !scalar.isNull()) {
            return spread(group, scalar, path);
        }
        Origin origin = node == null ? parent : node.origin();
        Mapping mapping = mapping(group, node, path);
        Bound bound = new Bound(path, origin, node != null && mapping == null);
        if (mapping != null) {
            checkKeys(group, mapping, path);
        }
        for (Field field : group.fields()) {
            ConfigNode value = mapping == null ? null : mapping.get(field.name());
            bound.put(field, slot(field, value, bound));
        }
        return bound;
    }

    /** One value for all keys of a section. */
    private Bound spread(Group group, Scalar scalar, String path) {
        Bound bound = Bound.single(path, scalar.origin());
        Bound.@Nullable Value value = null;
        for (Field field : group.fields()) {
            if (value == null && field instanceof Key<?> key) {
                value = new Bound.Value(read(key.type(), scalar, path).orElse(null), key.type(), scalar.origin());
            }
            if (value != null) {
                bound.put(field, value);
            }
        }
        return bound;
    }

    private @Nullable Mapping mapping(Group group, @Nullable ConfigNode node, String path) {
        if (node == null || node.isNull() || node instanceof Mapping) {
            return (Mapping) (node instanceof Mapping ? node : null);
        }
        if (!(node instanceof Scalar scalar && scalar.broken())) {
            faults.add(
                    node.origin(),
                    path,
                    "is " + node.kind() + ", but a mapping is wanted; its keys are " + keys(group));
        }
        return null;
    }

    private Bound.Slot slot(Field field, @Nullable ConfigNode written, Bound bound) {
        ConfigNode node = written == null || written.isNull() ? null : written;
        String path = bound.path(field);
        return switch (field) {
            case Key<?> key -> value(key, node, bound);
            case ListKey<?> list -> values(list, node, bound);
            case Group group when group.optional() && node == null -> new Bound.Section(null);
            case Group group -> new Bound.Section(section(group, node, path, bound.origin()));
            case Groups groups -> sections(groups, node, path);
            case Later _ -> {
                if (node != null) {
                    refuse(path, node);
                }
                yield new Bound.Sections(List.of());
            }
        };
    }

    private Bound.Slot sections(Groups groups, @Nullable ConfigNode node, String path) {
        List<Bound> bounds = new ArrayList<>();
        if (node instanceof Sequence sequence) {
            for (ConfigNode item : sequence.items()) {
                String itemPath = path + "[" + bounds.size() + "]";
                if (item.isNull()) {
                    faults.add(
                            item.origin(),
                            itemPath,
                            "is empty, but a mapping is wanted; its keys are " + keys(groups.item()));
                }
                bounds.add(section(groups.item(), item, itemPath, sequence.origin()));
            }
        } else if (node != null) {
            if (!(node instanceof Scalar scalar && scalar.broken())) {
                String wanted = ", but a list is wanted: each element begins with a dash";
                faults.add(node.origin(), path, "is " + node.kind() + wanted);
            }
            return new Bound.Section(null);
        }
        return new Bound.Sections(bounds);
    }

    private <T> Bound.Value value(Key<T> key, @Nullable ConfigNode node, Bound section) {
        String path = section.path(key);
        if (node == null) {
            if (key.required() && !section.mistaken()) {
                faults.add(section.origin(), path, "is missing: " + key.meaning());
            }
            return new Bound.Value(key.otherwise(), key.type(), Origin.Unwritten.DEFAULT);
        }
        Optional<T> value = read(key.type(), node, path);
        if (value.isEmpty()) {
            section.markMisread(key);
        }
        return new Bound.Value(value.orElse(key.otherwise()), key.type(), node.origin());
    }

    private <T> Bound.Values values(ListKey<T> key, @Nullable ConfigNode node, Bound section) {
        String path = section.path(key);
        List<ConfigNode> items = switch (node) {
            case null -> List.of();
            case Sequence sequence -> sequence.items();
            default -> List.of(node);
        };
        if (items.isEmpty() && key.required() && !section.mistaken()) {
            faults.add(node == null ? section.origin() : node.origin(), path, "is missing: " + key.meaning());
        }
        List<Bound.Value> values = new ArrayList<>();
        for (ConfigNode item : items) {
            String itemPath = node instanceof Sequence ? path + "[" + values.size() + "]" : path;
            values.add(new Bound.Value(read(key.type(), item, itemPath).orElse(null), key.type(), item.origin()));
        }
        return new Bound.Values(values, !(node instanceof Sequence));
    }

    private <T> Optional<T> read(ValueType<T> type, ConfigNode node, String path) {
        if (!(node instanceof Scalar scalar)) {
            faults.add(node.origin(), path, "is " + node.kind() + ", but one value is wanted: " + type.words());
            return Optional.empty();
        }
        if (scalar.broken()) {
            return Optional.empty();
        }
        if (scalar.text().length() > LONGEST_VALUE) {
            faults.add(scalar.origin(), path, "is longer than " + LONGEST_VALUE + " characters");
            return Optional.empty();
        }
        Optional<NotYet.Row> row = NotYet.row(path);
        if (row.isPresent() && row.get().refused().test(scalar.text())) {
            refuse(path, scalar);
            return Optional.empty();
        }
        try {
            return Optional.of(type.read(scalar.text()));
        } catch (BadValueException e) {
            faults.add(scalar.origin(), path, explain(e, scalar, type));
            return Optional.empty();
        }
    }

    /** Repeats neither secrets nor what came from the environment, which may hold some. */
    private static String explain(BadValueException e, Scalar scalar, ValueType<?> type) {
        if (type.secret()) {
            return e.problem();
        }
        String meant =
                e.meant() == null || scalar.referring() ? "" : "; did you mean " + Quote.shorten(e.meant()) + "?";
        return Quote.of(scalar.written()) + " " + e.problem() + meant;
    }

    private void refuse(String path, ConfigNode node) {
        String message = NotYet.row(path).map(NotYet.Row::message).orElse("not in this version yet; remove the key");
        faults.add(node.origin(), path, message);
    }

    private void checkKeys(Group group, Mapping mapping, String path) {
        Set<String> known = new LinkedHashSet<>();
        group.fields().forEach(field -> known.add(field.name()));
        for (String key : mapping.keys()) {
            if (!known.contains(key)) {
                String keyPath = path.isEmpty() ? key : path + "." + key;
                String message = NotYet.unknown(key).orElseGet(() -> "unknown key; " + hint(key, group, known));
                faults.add(mapping.keyOrigin(key), Quote.shorten(keyPath), message);
            }
        }
    }

    private static String hint(String key, Group group, Set<String> known) {
        if (key.equals("<<")) {
            return "merge keys are not part of YAML 1.2; write the keys out";
        }
        String near = Nearest.of(key, known);
        if (near != null) {
            return "did you mean " + near + "?";
        }
        String elsewhere = KeyIndex.sectionOf(key);
        return elsewhere == null ? "known here are " + keys(group) : key + " is a key of " + elsewhere;
    }

    private static String keys(Group group) {
        return String.join(", ", group.fields().stream().map(Field::name).toList());
    }
}
