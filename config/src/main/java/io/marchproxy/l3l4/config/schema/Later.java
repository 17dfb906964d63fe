package io.marchproxy.l3l4.config.schema;

/**
 * A key of a later version, whose form is not read yet: {@link NotYet} refuses it.
 *
 * @param words the form it will have
 */
public record Later(String name, String words, String meaning) implements Field {}
