package io.marchproxy.l3l4.config.schema;

import java.util.List;

/**
 * A mapping with known keys.
 *
 * @param optional whether nothing within holds, defaults included, when it is left out
 * @param whole whether one value may stand in its place, for all of its keys, which are of one type then
 */
public record Group(String name, boolean optional, boolean whole, String meaning, List<Field> fields) implements Field {
    public Group {
        fields = List.copyOf(fields);
    }

    /** A mapping that must be written as one. */
    public Group(String name, boolean optional, String meaning, List<Field> fields) {
        this(name, optional, false, meaning, fields);
    }

    /** A mapping that one value may stand for. */
    public static Group orOne(String name, String meaning, List<Field> fields) {
        return new Group(name, false, true, meaning, fields);
    }

    /** A mapping whose defaults hold when it is left out. */
    public Group(String name, String meaning, List<Field> fields) {
        this(name, false, meaning, fields);
    }
}
