package io.marchproxy.l3l4.replay.latency;

import java.math.BigDecimal;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A percentile.
 *
 * @param text as it was written, without the p
 * @param value more than 0, up to 100
 */
record Percentile(String text, double value) {
    /** As shown: {@code p99.9}. */
    String label() {
        return "p" + text;
    }

    /** As a column or key: {@code p99_9_ns}. */
    String key() {
        return "p" + text.replace('.', '_') + "_ns";
    }

    /** Reads one, with or without the p. */
    static final class Converter implements ITypeConverter<Percentile> {
        @Override
        public Percentile convert(String text) {
            String number = text.startsWith("p") ? text.substring(1) : text;
            if (number.matches("[0-9]{1,3}(\\.[0-9]{1,9})?")) {
                BigDecimal value = new BigDecimal(number);
                if (value.signum() > 0 && value.compareTo(BigDecimal.valueOf(100)) <= 0) {
                    return new Percentile(number, value.doubleValue());
                }
            }
            throw new TypeConversionException("'" + text + "' is no percentile, such as p99 or 99.9");
        }
    }
}
