package io.marchproxy.l3l4.config.docs;

import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.Later;
import io.marchproxy.l3l4.config.schema.ListKey;
import io.marchproxy.l3l4.config.schema.NotYet;
import io.marchproxy.l3l4.config.source.LegacyNames;
import io.marchproxy.l3l4.config.value.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The JSON schema of the configuration (draft 2020-12), by which editors complete and check it while it is written. */
public final class JsonSchema {
    private static final String DESCRIPTION = "description";
    private static final Map<String, Object> REFERENCE = Map.of("$ref", "#/$defs/reference");

    private JsonSchema() {}

    /** The schema as text, equal for equal catalogues. */
    public static String text() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", Catalogue.ROOT.meaning());
        schema.putAll(group(Catalogue.ROOT, ""));
        schema.put(
                "$defs",
                Map.of(
                        "reference",
                        Map.of(
                                "type",
                                "string",
                                "pattern",
                                "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}",
                                DESCRIPTION,
                                "A value from the environment: ${NAME} or ${NAME:-default}.")));
        return Json.write(schema);
    }

    private static Map<String, Object> group(Group group, String path) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (Field field : group.fields()) {
            String inner = path.isEmpty() ? field.name() : path + "." + field.name();
            properties.put(field.name(), field(field, inner));
            if ((field instanceof ListKey<?> list && list.required())
                    || (field instanceof Key<?> key && key.required())) {
                required.add(field.name());
            }
        }
        if (path.isEmpty()) {
            LegacyNames.MEANINGS.forEach((name, meaning) -> properties.put(name, legacy(meaning)));
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put(DESCRIPTION, group.meaning());
        schema.put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        schema.put("additionalProperties", false);
        return schema;
    }

    private static Map<String, Object> field(Field field, String path) {
        return switch (field) {
            case Key<?> key -> key(key, path);
            case ListKey<?> list -> {
                Map<String, Object> one = orReference(list.type().schema());
                Map<String, Object> schema = new LinkedHashMap<>();
                schema.put(DESCRIPTION, list.meaning());
                schema.put("anyOf", List.of(one, Map.of("type", "array", "items", one, "minItems", 1)));
                yield schema;
            }
            case Group group
            when group.whole() && group.fields().getFirst() instanceof Key<?> key -> {
                Map<String, Object> schema = new LinkedHashMap<>();
                schema.put(DESCRIPTION, group.meaning());
                schema.put("anyOf", List.of(orReference(key.type().schema()), group(group, path)));
                yield schema;
            }
            case Group group -> group(group, path);
            case Groups groups -> {
                Map<String, Object> schema = new LinkedHashMap<>();
                schema.put("type", "array");
                schema.put(DESCRIPTION, groups.meaning());
                schema.put("items", group(groups.item(), path + "[]"));
                yield schema;
            }
            case Later later -> {
                Map<String, Object> schema = new LinkedHashMap<>();
                schema.put(DESCRIPTION, later.meaning() + " Not in this version yet.");
                schema.put("type", "null");
                yield schema;
            }
        };
    }

    private static <T> Map<String, Object> key(Key<T> key, String path) {
        Optional<NotYet.Row> row = NotYet.row(path).filter(found -> found.accepted() != null);
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put(DESCRIPTION, key.meaning() + (row.isPresent() ? " Not in this version yet." : ""));
        if (key.otherwise() != null) {
            schema.put("default", value(key.type(), key.otherwise()));
        } else if (key.note() != null && row.isEmpty()) {
            schema.replace(DESCRIPTION, key.meaning() + " Default: " + key.note() + ".");
        }
        List<Object> accepted = row.map(NotYet.Row::accepted).orElse(null);
        if (accepted == null) {
            schema.putAll(orReference(key.type().schema()));
        } else if (accepted.isEmpty()) {
            schema.put("type", "null");
        } else {
            schema.put("enum", accepted);
        }
        return schema;
    }

    /** A default as its own JSON type: the schema says which. */
    private static <T> Object value(ValueType<T> type, T value) {
        boolean bare = value instanceof Boolean
                || (value instanceof Number && type.write(value).matches("[0-9.]+"));
        return bare && !type.words().startsWith("size") ? new Bare(type.write(value)) : type.write(value);
    }

    private static Map<String, Object> orReference(Map<String, Object> schema) {
        boolean anyText = "string".equals(schema.get("type")) && !schema.containsKey("pattern");
        return new TreeMap<>(anyText ? schema : Map.of("anyOf", List.of(schema, REFERENCE)));
    }

    private static Map<String, Object> legacy(String meaning) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put(DESCRIPTION, meaning);
        schema.put("deprecated", true);
        return schema;
    }

    /** A number or truth value, written as it stands. */
    private record Bare(String text) {
        @Override
        public String toString() {
            return text;
        }
    }
}
