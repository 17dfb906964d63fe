package io.marchproxy.l3l4.config.schema;

import java.util.List;

/**
 * A mapping with known keys.
 *
 * @param optional whether nothing within holds, defaults included, when it is left out
 */
public record Group(String name, boolean optional, String meaning, List<Field> fields) implements Field {
    public Group {
        fields = List.copyOf(fields);
    }

    /** A mapping whose defaults hold when it is left out. */
    public Group(String name, String meaning, List<Field> fields) {
        this(name, false, meaning, fields);
    }
}
