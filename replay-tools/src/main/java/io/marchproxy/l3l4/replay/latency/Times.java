package io.marchproxy.l3l4.replay.latency;

import java.util.Locale;

/** Times as people read them: three digits and a unit that suits them. */
final class Times {
    private static final String[] UNITS = {"ns", "µs", "ms", "s"};

    private Times() {}

    /** A time such as {@code 4.12 µs}. */
    static String text(double ns) {
        double value = ns;
        int unit = 0;
        while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
            value /= 1e3;
            unit++;
        }
        double size = Math.abs(value);
        String form = (unit == 0 && value == Math.rint(value)) || size >= 100
                ? "%.0f %s"
                : size >= 10 ? "%.1f %s" : "%.2f %s";
        return String.format(Locale.ROOT, form, value, UNITS[unit]);
    }

    /** A difference with its sign. */
    static String difference(double ns) {
        return (ns > 0 ? "+" : "") + text(ns);
    }

    /** A change in percent with its sign; {@code -} when there is nothing to compare with. */
    static String percent(double before, double after) {
        return before == 0 ? "-" : String.format(Locale.ROOT, "%+.1f %%", 100 * (after - before) / before);
    }
}
