package io.marchproxy.l3l4.config.value;

import java.util.Map;
import java.util.function.Function;

/**
 * How values of one kind are written.
 *
 * @param words for the reference page, such as {@code duration, 1ms to 1h}
 * @param reader from text
 * @param writer to the text that a user would write; reading it gives the same value
 * @param schema JSON schema of the scalar, without description or default
 * @param secret whether the value is never shown
 */
public record ValueType<T>(
        String words, Reader<T> reader, Function<T, String> writer, Map<String, Object> schema, boolean secret) {

    /** Reads a value from text. */
    @FunctionalInterface
    public interface Reader<T> {
        T read(String text) throws BadValueException;
    }

    public ValueType(String words, Reader<T> reader, Function<T, String> writer, Map<String, Object> schema) {
        this(words, reader, writer, schema, false);
    }

    /** Reads a value. */
    public T read(String text) throws BadValueException {
        return reader.read(text);
    }

    /** Writes a value as a user would. */
    public String write(T value) {
        return writer.apply(value);
    }
}
