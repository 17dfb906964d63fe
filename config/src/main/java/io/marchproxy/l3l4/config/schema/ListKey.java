package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.value.ValueType;

/**
 * A key with one value or a list of them.
 *
 * @param required whether it must be given wherever its section is
 */
public record ListKey<T>(String name, ValueType<T> type, boolean required, String meaning) implements Field {
    /** A key that must be given. */
    public ListKey(String name, ValueType<T> type, String meaning) {
        this(name, type, true, meaning);
    }
}
