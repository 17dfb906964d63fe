package io.marchproxy.l3l4.replay.latency;

import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A bound that a run must not pass, as {@code p99=1ms}, {@code egress:p99.9=5ms}, {@code max=1s} or {@code mean=50us}.
 *
 * @param stage or null for each stage
 * @param what {@code mean}, {@code max} or a percentile's label
 * @param percentile for a percentile
 */
record Threshold(String text, @Nullable String stage, String what, double percentile, long mostNs) {
    private static final Pattern FORM = Pattern.compile("(?:([^:=]+):)?(p[0-9.]+|max|mean)=(.+)");
    private static final ValueType<Duration> TIME = Values.duration(Duration.ofNanos(1), Duration.ofDays(1));

    boolean concerns(String other) {
        return stage == null || stage.equals(other);
    }

    /** What a histogram has at it, in nanoseconds. */
    double actualNs(Histogram histogram, double unitNs) {
        return unitNs
                * switch (what) {
                    case "max" -> histogram.getMaxValue();
                    case "mean" -> histogram.getMean();
                    default -> histogram.getValueAtPercentile(percentile);
                };
    }

    /** Reads one, for picocli. */
    static final class Converter implements ITypeConverter<Threshold> {
        @Override
        public Threshold convert(String text) {
            Matcher form = FORM.matcher(text);
            if (!form.matches()) {
                throw new TypeConversionException(
                        "'" + text + "' is no bound, such as p99=1ms, egress:p99.9=5ms, max=1s or mean=50us");
            }
            String what = form.group(2);
            double percentile = what.startsWith("p")
                    ? new Percentile.Converter().convert(what).value()
                    : 0;
            try {
                return new Threshold(
                        text,
                        form.group(1),
                        what,
                        percentile,
                        TIME.read(form.group(3)).toNanos());
            } catch (BadValueException e) {
                throw new TypeConversionException(
                        "'" + form.group(3) + "' " + e.problem() + (e.meant() == null ? "" : ", perhaps " + e.meant()));
            }
        }
    }
}
