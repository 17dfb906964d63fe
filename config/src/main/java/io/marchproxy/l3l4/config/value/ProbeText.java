package io.marchproxy.l3l4.config.value;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bytes written as text: what can't be typed stands behind a backslash. In a value each character is a byte (ISO 8859-1). */
final class ProbeText {
    private static final int LONGEST = 1024;
    private static final Pattern ESCAPE = Pattern.compile("\\\\(x[0-9A-Fa-f]{2}|.?)", Pattern.DOTALL);

    private ProbeText() {}

    static String read(String text) throws BadValueException {
        String bytes = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        StringBuilder value = new StringBuilder();
        Matcher escape = ESCAPE.matcher(bytes);
        while (escape.find()) {
            escape.appendReplacement(value, Matcher.quoteReplacement(meant(escape.group(1))));
        }
        escape.appendTail(value);
        if (value.length() > LONGEST) {
            throw new BadValueException("is longer than " + LONGEST + " bytes");
        }
        return value.toString();
    }

    private static String meant(String escaped) throws BadValueException {
        return switch (escaped) {
            case "r" -> "\r";
            case "n" -> "\n";
            case "t" -> "\t";
            case "0" -> "\0";
            case "\\" -> "\\";
            default -> {
                if (escaped.length() != 3) {
                    throw new BadValueException(
                            "has a backslash before none of r, n, t, 0, xHH and \\; a backslash itself is \\\\");
                }
                yield Character.toString(Integer.parseInt(escaped.substring(1), 16));
            }
        };
    }

    static String write(String value) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\r' -> text.append("\\r");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\0' -> text.append("\\0");
                case '\\' -> text.append("\\\\");
                default -> {
                    if (c >= ' ' && c <= '~') {
                        text.append(c);
                    } else {
                        text.append("\\x%02x".formatted((int) c));
                    }
                }
            }
        }
        return text.toString();
    }
}
