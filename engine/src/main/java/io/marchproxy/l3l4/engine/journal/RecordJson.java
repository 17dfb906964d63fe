package io.marchproxy.l3l4.engine.journal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.marchproxy.l3l4.stages.pipeline.Derived;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings records as JSON and back, exactly: every component by its name, whatever a stage's settings grow to. Not for the
 * packet path. A text that lacks a component, or has one more, was written by another version and is refused: a replay under
 * settings that were guessed would prove nothing.
 *
 * <p>What is derived of other components is left out, and made anew by the record.
 *
 * <p>Components are records, lists, enumerations, texts, whole numbers, decimals and truth values.
 */
final class RecordJson {
    private static final JsonFactory JSON = new JsonFactory();

    /** Asked of a class, each time, they take longer than all else. */
    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            return type.getRecordComponents();
        }
    };

    private RecordJson() {}

    /** A record as UTF-8. */
    static byte[] write(Record value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            write(json, value);
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes everything", e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> json.writeNull();
            case Derived _ -> json.writeNull();
            case Record record -> {
                json.writeStartObject();
                for (RecordComponent component : COMPONENTS.get(record.getClass())) {
                    json.writeFieldName(component.getName());
                    write(json, read(record, component));
                }
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    write(json, element);
                }
                json.writeEndArray();
            }
            case String text -> json.writeString(text);
            case Enum<?> constant -> json.writeString(constant.name());
            case Boolean truth -> json.writeBoolean(truth);
            case Double number -> json.writeNumber(number);
            case Number number -> json.writeNumber(number.longValue());
            default -> throw new IllegalArgumentException("settings hold a " + value.getClass());
        }
    }

    private static @Nullable Object read(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("settings records are public", e);
        }
    }

    /**
     * The record that a text holds.
     *
     * @throws JournalException when the text is none of this version's
     */
    static <T extends Record> T read(byte[] text, Class<T> type) throws JournalException {
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            Object value = convert(tree(json), type, type.getSimpleName());
            if (value == null) {
                throw other(type.getSimpleName());
            }
            return type.cast(value);
        } catch (JournalException e) {
            throw e;
        } catch (JsonProcessingException e) {
            throw new JournalException("the settings in it are no JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new JournalException("the settings in it are no JSON: " + e.getMessage());
        }
    }

    private static @Nullable Object tree(JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == null) {
            throw new IOException("the text ends too early");
        }
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        return switch (token) {
            case START_OBJECT -> object(json);
            case START_ARRAY -> array(json);
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT -> json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_TRUE, VALUE_FALSE -> json.getBooleanValue();
            default -> throw new IOException("unexpected " + token);
        };
    }

    private static Map<String, @Nullable Object> object(JsonParser json) throws IOException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            object.put(name, tree(json));
        }
        return object;
    }

    private static List<@Nullable Object> array(JsonParser json) throws IOException {
        List<@Nullable Object> array = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            array.add(tree(json));
        }
        return array;
    }

    private static @Nullable Object convert(@Nullable Object value, Type type, String path) throws JournalException {
        if (value == null && !(type instanceof Class<?> raw && raw.isPrimitive())) {
            return null;
        }
        if (type instanceof ParameterizedType list && list.getRawType() == List.class && value instanceof List<?> all) {
            List<Object> converted = new ArrayList<>();
            for (Object element : all) {
                Object one = convert(element, list.getActualTypeArguments()[0], path + "[]");
                if (one == null) {
                    throw other(path);
                }
                converted.add(one);
            }
            return converted;
        }
        if (type instanceof Class<?> raw) {
            if (raw.isRecord() && value instanceof Map<?, ?> object) {
                return record(raw, object, path);
            }
            return scalar(value, raw, path);
        }
        throw other(path);
    }

    private static Object scalar(@Nullable Object value, Class<?> type, String path) throws JournalException {
        if (type == String.class && value instanceof String text) {
            return text;
        }
        if (type.isEnum() && value instanceof String name) {
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> ((Enum<?>) constant).name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> other(path));
        }
        if (type == boolean.class && value instanceof Boolean truth) {
            return truth;
        }
        if ((type == long.class || type == Long.class) && value instanceof Long number) {
            return number;
        }
        if ((type == int.class || type == Integer.class)
                && value instanceof Long number
                && number == number.intValue()) {
            return number.intValue();
        }
        if (type == double.class && value instanceof Number number) {
            return number.doubleValue();
        }
        throw other(path);
    }

    private static Object record(Class<?> type, Map<?, ?> object, String path) throws JournalException {
        RecordComponent[] components = COMPONENTS.get(type);
        @Nullable Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName();
            if (!object.containsKey(name)) {
                throw other(path + "." + name);
            }
            types[i] = components[i].getType();
            values[i] = convert(object.get(name), components[i].getGenericType(), path + "." + name);
        }
        if (object.size() != components.length) {
            throw other(path);
        }
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            throw new JournalException("the settings in it are refused: " + e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("settings records are public", e);
        }
    }

    private static JournalException other(String path) {
        return new JournalException("the settings in it were written by another version of the program: " + path
                + " is not as this one has it");
    }
}
