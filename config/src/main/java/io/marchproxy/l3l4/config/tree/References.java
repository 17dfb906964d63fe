package io.marchproxy.l3l4.config.tree;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Replaces references to the environment: <code>${NAME}</code>, <code>${NAME:-default}</code>; a doubled
 * dollar sign before the brace takes its meaning away. */
final class References {
    private final Map<String, String> environment;
    private final Faults faults;

    References(Map<String, String> environment, Faults faults) {
        this.environment = environment;
        this.faults = faults;
    }

    /** The text with its references replaced; null when one cannot be, which is told. */
    @Nullable
    String replace(String text, Origin origin, String path) {
        if (!text.contains("${")) {
            return text;
        }
        StringBuilder replaced = new StringBuilder();
        int from = 0;
        for (int at = text.indexOf("${"); at >= 0; at = text.indexOf("${", from)) {
            if (at > from && text.charAt(at - 1) == '$') {
                replaced.append(text, from, at - 1).append("${");
                from = at + 2;
                continue;
            }
            int end = text.indexOf('}', at);
            if (end < 0) {
                faults.add(
                        origin, path, "the reference ${ has no closing brace; write $${ for the characters themselves");
                return null;
            }
            String value = value(text.substring(at + 2, end), origin, path);
            if (value == null) {
                return null;
            }
            replaced.append(text, from, at).append(value);
            from = end + 1;
        }
        return replaced.append(text, from, text.length()).toString();
    }

    private @Nullable String value(String reference, Origin origin, String path) {
        int mark = reference.indexOf(":-");
        String name = mark < 0 ? reference : reference.substring(0, mark);
        if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            faults.add(origin, path, "${" + Quote.shorten(reference) + "} names no environment variable");
            return null;
        }
        String value = environment.get(name);
        if (value != null && (mark < 0 || !value.isEmpty())) {
            return value;
        }
        if (mark < 0) {
            faults.add(
                    origin,
                    path,
                    "the environment variable " + name + " is not set; set it, or give a default: ${" + name
                            + ":-VALUE}");
            return null;
        }
        return reference.substring(mark + 2);
    }
}
