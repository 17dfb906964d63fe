package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.value.ValueType;

/** A required key with one value or a list of them. */
public record ListKey<T>(String name, ValueType<T> type, String meaning) implements Field {}
