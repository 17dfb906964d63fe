package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.value.ValueType;
import org.jspecify.annotations.Nullable;

/**
 * A key with one value.
 *
 * @param otherwise default, or null
 * @param note what holds when there is no fixed default, or null
 * @param required whether it must be given wherever its section is
 */
public record Key<T>(
        String name,
        ValueType<T> type,
        @Nullable T otherwise,
        @Nullable String note,
        boolean required,
        String meaning) implements Field {

    /** A key with a default. */
    public static <T> Key<T> of(String name, ValueType<T> type, T otherwise, String meaning) {
        return new Key<>(name, type, otherwise, null, false, meaning);
    }

    /** A key that must be given. */
    public static <T> Key<T> required(String name, ValueType<T> type, String meaning) {
        return new Key<>(name, type, null, null, true, meaning);
    }

    /** A key that may be left out, and then has no fixed value. */
    public static <T> Key<T> open(String name, ValueType<T> type, String note, String meaning) {
        return new Key<>(name, type, null, note, false, meaning);
    }
}
