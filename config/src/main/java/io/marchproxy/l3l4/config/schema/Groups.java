package io.marchproxy.l3l4.config.schema;

/**
 * A list of mappings with known keys.
 *
 * @param item what each has
 */
public record Groups(String name, String meaning, Group item) implements Field {}
