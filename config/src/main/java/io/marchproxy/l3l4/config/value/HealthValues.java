package io.marchproxy.l3l4.config.value;

import io.marchproxy.l3l4.config.settings.HealthSettings.StatusRange;
import java.util.List;
import java.util.Map;

/** The types of values that say what probes send and expect. */
public final class HealthValues {
    /** What a probe sends or expects; each character of the value is a byte. */
    public static final ValueType<String> BYTES = new ValueType<>(
            "text of up to 1024 bytes; \\r, \\n, \\t, \\0, \\\\ and \\xHH stand for bytes",
            ProbeText::read,
            ProbeText::write,
            Map.of(Values.TYPE, Values.STRING, "maxLength", 4096));

    public static final ValueType<String> URL_PATH = new ValueType<>(
            "path of a URL, such as /healthz", HealthValues::urlPath, path -> path, Values.pattern("^/[!-~]{0,1023}$"));

    public static final ValueType<String> HOST_NAME = new ValueType<>(
            "name or address of a host",
            HealthValues::hostName,
            host -> host,
            Values.pattern("^[A-Za-z0-9\\[]([A-Za-z0-9._:\\[\\]-]{0,253})$"));

    /** HTTP status codes. */
    public static final ValueType<StatusRange> STATUS = new ValueType<>(
            "status code, or range such as 200-399",
            HealthValues::status,
            range -> range.low() == range.high() ? Integer.toString(range.low()) : range.low() + "-" + range.high(),
            Map.of(
                    "anyOf",
                    List.of(
                            Map.of(Values.TYPE, Values.INTEGER, "minimum", 100, "maximum", 599),
                            Values.pattern("^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"))));

    private HealthValues() {}

    private static String urlPath(String text) throws BadValueException {
        if (!text.matches("/[!-~]{0,1023}")) {
            throw new BadValueException(
                    "is no path of a URL: it begins with / and has neither blanks nor other characters than ASCII",
                    text.matches("[!-~]{1,1023}") ? "/" + text : null);
        }
        return text;
    }

    private static String hostName(String text) throws BadValueException {
        if (!text.matches("[A-Za-z0-9\\[][A-Za-z0-9._:\\[\\]-]{0,253}")) {
            throw new BadValueException("is neither a host's name nor its address");
        }
        return text;
    }

    private static StatusRange status(String text) throws BadValueException {
        if (!text.matches("[1-5][0-9]{2}( ?- ?[1-5][0-9]{2})?")) {
            throw new BadValueException(
                    "is neither an HTTP status code nor a range of them, such as 200-399",
                    text.matches("[1-5](xx|XX)") ? text.charAt(0) + "00-" + text.charAt(0) + "99" : null);
        }
        String[] ends = text.split(" ?- ?", 2);
        int low = Integer.parseInt(ends[0]);
        int high = Integer.parseInt(ends[ends.length - 1]);
        if (low > high) {
            throw new BadValueException("is a range that ends before it begins", high + "-" + low);
        }
        return new StatusRange(low, high);
    }
}
