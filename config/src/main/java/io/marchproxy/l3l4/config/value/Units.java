package io.marchproxy.l3l4.config.value;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Numbers with units. Rates and sizes follow SI powers of ten, the {@code i} ones IEC 80000-13 powers of two. */
final class Units {
    static final Map<String, Long> DURATION_NS = units(
            "ns",
            1L,
            "us",
            1_000L,
            "ms",
            1_000_000L,
            "s",
            1_000_000_000L,
            "m",
            60_000_000_000L,
            "h",
            3_600_000_000_000L,
            "d",
            86_400_000_000_000L);
    static final Map<String, Long> SIZE_BYTES = units(
            "B",
            1L,
            "KB",
            1_000L,
            "MB",
            1_000_000L,
            "GB",
            1_000_000_000L,
            "KiB",
            1L << 10,
            "MiB",
            1L << 20,
            "GiB",
            1L << 30);
    static final Map<String, Long> RATE_BITS =
            units("bit", 1L, "kbit", 1_000L, "Mbit", 1_000_000L, "Gbit", 1_000_000_000L);

    /** What people write instead; each is told what was meant, none is accepted. */
    private static final Map<String, String> MEANT = Map.ofEntries(
            Map.entry("sec", "s"),
            Map.entry("secs", "s"),
            Map.entry("second", "s"),
            Map.entry("seconds", "s"),
            Map.entry("min", "m"),
            Map.entry("mins", "m"),
            Map.entry("minute", "m"),
            Map.entry("minutes", "m"),
            Map.entry("hr", "h"),
            Map.entry("hour", "h"),
            Map.entry("hours", "h"),
            Map.entry("day", "d"),
            Map.entry("days", "d"),
            Map.entry("msec", "ms"),
            Map.entry("millis", "ms"),
            Map.entry("usec", "us"),
            Map.entry("µs", "us"),
            Map.entry("micros", "us"),
            Map.entry("nanos", "ns"),
            Map.entry("k", "KB"),
            Map.entry("M", "MB"),
            Map.entry("G", "GB"),
            Map.entry("K", "KB"),
            Map.entry("bps", "bit"),
            Map.entry("kbps", "kbit"),
            Map.entry("Mbps", "Mbit"),
            Map.entry("Gbps", "Gbit"),
            Map.entry("mbit", "Mbit"),
            Map.entry("gbit", "Gbit"),
            Map.entry("bytes", "B"));

    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,19}(?:\\.[0-9]{1,9})?) ?([A-Za-zµ/]*)");

    private Units() {}

    /** Reads a whole number of base units. */
    static long read(String text, Map<String, Long> units, String kind) throws BadValueException {
        Matcher matcher = NUMBER.matcher(text);
        if (!matcher.matches()) {
            throw new BadValueException("is not a " + kind + ", such as " + example(units));
        }
        BigDecimal number = new BigDecimal(matcher.group(1));
        String unit = matcher.group(2);
        Long factor = units.get(unit);
        if (unit.isEmpty()) {
            if (number.signum() == 0) {
                return 0;
            }
            throw new BadValueException(
                    "has no unit (" + String.join(", ", units.keySet()) + ")", matcher.group(1) + usual(units));
        }
        if (factor == null) {
            String meant = meant(unit, units);
            throw new BadValueException(
                    "has a unit that is none of " + String.join(", ", units.keySet()),
                    meant == null ? null : matcher.group(1) + meant);
        }
        try {
            return number.multiply(BigDecimal.valueOf(factor)).longValueExact();
        } catch (ArithmeticException _) {
            throw new BadValueException(
                    "is no whole number of " + units.keySet().iterator().next() + " below 2^63");
        }
    }

    /** Writes with the largest unit that leaves a whole number. */
    static String write(long value, Map<String, Long> units) {
        String best = "";
        long factor = 0;
        for (Map.Entry<String, Long> unit : units.entrySet()) {
            boolean whole = value % unit.getValue() == 0;
            boolean shorter = factor == 0 || value / unit.getValue() < value / factor;
            if (whole && shorter) {
                best = unit.getKey();
                factor = unit.getValue();
            }
        }
        return value == 0 ? "0" + units.keySet().iterator().next() : value / factor + best;
    }

    static String write(Duration value) {
        return value.isZero() ? "0s" : write(value.toNanos(), DURATION_NS);
    }

    static String pattern(Map<String, Long> units) {
        return "^[0-9]{1,19}(\\.[0-9]{1,9})? ?(" + String.join("|", units.keySet()) + ")$";
    }

    private static @Nullable String meant(String unit, Map<String, Long> units) {
        String common = MEANT.get(unit);
        if (common != null && units.containsKey(common)) {
            return common;
        }
        for (String known : units.keySet()) {
            if (known.equalsIgnoreCase(unit)) {
                return known;
            }
        }
        return null;
    }

    private static String usual(Map<String, Long> units) {
        return units.equals(DURATION_NS) ? "s" : units.equals(SIZE_BYTES) ? "KB" : "Mbit";
    }

    private static String example(Map<String, Long> units) {
        return units.equals(DURATION_NS) ? "500ms" : units.equals(SIZE_BYTES) ? "64KiB" : "100Mbit";
    }

    private static Map<String, Long> units(Object... pairs) {
        Map<String, Long> units = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            units.put((String) pairs[i], (Long) pairs[i + 1]);
        }
        return units;
    }
}
