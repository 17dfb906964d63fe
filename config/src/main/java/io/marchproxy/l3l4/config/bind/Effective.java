package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.value.Secret;
import io.marchproxy.l3l4.config.value.ValueType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** The configuration as it holds, defaults included, as YAML that reads back to the same settings. */
public final class Effective {
    private static final String PLAIN = "[A-Za-z0-9./_][A-Za-z0-9./_:@%+-]*";
    private static final String SPECIAL = "~|null|true|false|[0-9.+-][0-9.eE_+-]*|[yYnN]|yes|no|on|off";
    private static final int HASH_BYTES = 8;

    private final StringBuilder out = new StringBuilder();
    private final boolean comments;

    private Effective(boolean comments) {
        this.comments = comments;
    }

    /** With each value's source as a comment; secrets masked. */
    public static String show(Bound root) {
        Effective effective = new Effective(true);
        effective.section(root, "", "");
        return effective.out.toString();
    }

    /** Sixteen hexadecimal digits of SHA-256 over all values but secrets; sources play no part. */
    public static String hash(Bound root) {
        return hash(root, "");
    }

    /**
     * The same, and over something that was read elsewhere.
     *
     * @param elsewhere digest of that; empty for nothing
     */
    static String hash(Bound root, String elsewhere) {
        Effective effective = new Effective(false);
        effective.section(root, "", "");
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((effective.out + elsewhere).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    private void section(Bound bound, String first, String indent) {
        String lead = first;
        for (Map.Entry<String, Bound.Slot> entry : bound.slots().entrySet()) {
            if (comments
                    && bound.isIdle(entry.getKey())
                    && entry.getValue() instanceof Bound.Value value
                    && value.origin() == Origin.Unwritten.DEFAULT) {
                // It does not hold, and who reads the form back would be told so.
                continue;
            }
            int before = out.length();
            slot(entry.getKey(), entry.getValue(), lead, indent);
            if (out.length() > before) {
                lead = indent;
            }
        }
    }

    private void slot(String name, Bound.Slot slot, String lead, String indent) {
        switch (slot) {
            case Bound.Value value when value.value() != null -> value(lead + name + ": ", value);
            case Bound.Value _ -> {}
            case Bound.Values values when values.values().isEmpty() -> {}
            case Bound.Values values -> {
                out.append(lead).append(name).append(":\n");
                values.values().forEach(value -> value(indent + "  - ", value));
            }
            case Bound.Section section
            when section.bound() != null -> {
                int start = out.length();
                out.append(lead).append(name).append(":\n");
                int body = out.length();
                section(section.bound(), indent + "  ", indent + "  ");
                if (out.length() == body) {
                    out.setLength(start);
                }
            }
            case Bound.Section _ -> {}
            case Bound.Sections sections -> sections(name, sections.bounds(), lead, indent);
        }
    }

    private void sections(String name, List<Bound> bounds, String lead, String indent) {
        if (bounds.isEmpty()) {
            return;
        }
        out.append(lead).append(name).append(":\n");
        for (Bound bound : bounds) {
            section(bound, indent + "  - ", indent + "    ");
        }
    }

    private void value(String lead, Bound.Value value) {
        Object written = value.value();
        if (written == null) {
            return;
        }
        if (value.type().secret()) {
            if (comments) {
                out.append(lead)
                        .append(quoted(Secret.MASK))
                        .append("  # ")
                        .append(value.origin().place())
                        .append('\n');
            }
            return;
        }
        out.append(lead).append(quoted(write(value.type(), written)));
        if (comments) {
            out.append("  # ").append(value.origin().place());
        }
        out.append('\n');
    }

    @SuppressWarnings("unchecked") // The reader made the value by this very type.
    private static <T> String write(ValueType<T> type, Object value) {
        return type.write((T) value);
    }

    /** In quotes where YAML would read something else; a reference to the environment has long been replaced. */
    private static String quoted(String text) {
        if (text.matches(PLAIN) && !text.endsWith(":") && (!text.matches(SPECIAL) || isScalar(text))) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.replace("${", "$${").toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return quoted.append('"').toString();
    }

    private static boolean isScalar(String text) {
        return text.matches("true|false|[0-9]+(\\.[0-9]+)?");
    }
}
