package io.marchproxy.l3l4.replay.diff;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers as people read them: three digits and a unit, in powers of ten. */
final class Units {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    private static final String[] RATES = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s"};
    private static final String[] TIMES = {"ns", "µs", "ms", "s"};
    private static final int DIGITS = 3;
    private static final double STEP = 1000;
    private static final double HUNDRED = 100;
    private static final double NANOS = 1e9;
    private static final double SECONDS_PER_MINUTE = 60;

    private Units() {}

    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String plural(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    static String bytes(long value) {
        return scaled((double) value, BYTES);
    }

    /** A rate in bits per second; a dash for one that is not known. */
    static String rate(double bitsPerSecond) {
        return bitsPerSecond < 0 ? "–" : scaled(bitsPerSecond, RATES);
    }

    static String duration(long ns) {
        return duration((double) ns);
    }

    static String duration(double ns) {
        if (ns >= HUNDRED * NANOS) {
            double seconds = ns / NANOS;
            long minutes = (long) (seconds / SECONDS_PER_MINUTE);
            return minutes + " min " + Math.round(seconds - minutes * SECONDS_PER_MINUTE) + " s";
        }
        return ns == 0 ? "0" : scaled(ns, TIMES);
    }

    static String seconds(double value) {
        return duration(value * NANOS);
    }

    /** In whatever currency prices are. */
    static String money(double value) {
        if (value == 0) {
            return "0";
        }
        if (Math.abs(value) >= 1) {
            return String.format(Locale.ROOT, "%,.2f", value);
        }
        return new BigDecimal(value).round(new MathContext(DIGITS)).toPlainString();
    }

    static String share(long part, long whole) {
        return whole == 0 ? "0 %" : String.format(Locale.ROOT, "%.3g %%", HUNDRED * part / whole);
    }

    /** A moment, UTC. */
    static String time(long epochMs) {
        return TIME.format(Instant.ofEpochMilli(epochMs));
    }

    /** A moment's time of day, UTC. */
    static String clock(long epochMs) {
        return CLOCK.format(Instant.ofEpochMilli(epochMs));
    }

    private static String scaled(double value, String[] units) {
        double scaled = value;
        int unit = 0;
        while (Math.abs(scaled) >= STEP - 0.5 && unit < units.length - 1) {
            scaled /= STEP;
            unit++;
        }
        String number;
        if (scaled == Math.rint(scaled) && unit == 0) {
            number = String.format(Locale.ROOT, "%.0f", scaled);
        } else if (Math.abs(scaled) >= HUNDRED - 0.05) {
            number = String.format(Locale.ROOT, "%.0f", scaled);
        } else if (Math.abs(scaled) >= HUNDRED / 10 - 0.005) {
            number = String.format(Locale.ROOT, "%.1f", scaled);
        } else {
            number = String.format(Locale.ROOT, "%.2f", scaled);
        }
        return number + " " + units[unit];
    }
}
