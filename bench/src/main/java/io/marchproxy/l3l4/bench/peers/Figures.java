package io.marchproxy.l3l4.bench.peers;

import java.util.Locale;

/** How numbers are written: three digits that count. */
final class Figures {
    private Figures() {}

    static String text(double value) {
        double size = Math.abs(value);
        String format = size >= 1_000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    /** Median, then from lowest to highest. */
    static String range(Spread spread) {
        return text(spread.lowest()) + " – " + text(spread.highest());
    }

    static String ratio(Spread spread) {
        return text(spread.median()) + "× (" + range(spread) + ")";
    }
}
