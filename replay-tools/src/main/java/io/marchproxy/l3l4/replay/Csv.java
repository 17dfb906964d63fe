package io.marchproxy.l3l4.replay;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lines of CSV, as RFC 4180 has them but for the line's end, which is the platform's. */
public final class Csv {
    private Csv() {}

    /** A line of fields; null is an empty one. */
    public static String line(List<? extends @Nullable Object> fields) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < fields.size(); i++) {
            line.append(i == 0 ? "" : ",").append(field(fields.get(i)));
        }
        return line.toString();
    }

    private static String field(@Nullable Object value) {
        String text = value == null ? "" : value.toString();
        boolean isPlain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
                && text.equals(text.strip());
        return isPlain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
