package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.ValueType;
import io.marchproxy.l3l4.config.value.Values;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * One end of a range of time, as users write it: {@code 2026-11-26T14:15:00Z}, with an offset, or without (UTC);
 * {@code -1h}, before now; {@code +10s}, after the first of what there is.
 */
public record TimeBound(Origin origin, Instant absolute, Duration offset) {
    /** What the offset is counted from. */
    public enum Origin {
        EPOCH,
        NOW,
        FIRST
    }

    /** How to write one, for help texts. */
    public static final String FORMS =
            "as 2026-11-26T14:15:00Z (no zone: UTC), -1h for an hour before now, or +10s after the first that is there";

    private static final ValueType<Duration> OFFSET = Values.duration(Duration.ZERO, Duration.ofDays(36_500));

    /**
     * The moment in milliseconds since 1970.
     *
     * @param firstMs of what there is
     * @param nowMs the present
     */
    public long epochMs(long firstMs, long nowMs) {
        return switch (origin) {
            case EPOCH -> absolute.toEpochMilli();
            case NOW -> nowMs - offset.toMillis();
            case FIRST -> firstMs + offset.toMillis();
        };
    }

    /** Reads one, for picocli. */
    public static final class Converter implements ITypeConverter<TimeBound> {
        @Override
        public TimeBound convert(String text) {
            try {
                if (text.startsWith("-") || text.startsWith("+")) {
                    Duration offset = OFFSET.read(text.substring(1));
                    return new TimeBound(text.startsWith("-") ? Origin.NOW : Origin.FIRST, Instant.EPOCH, offset);
                }
                return new TimeBound(Origin.EPOCH, instant(text), Duration.ZERO);
            } catch (BadValueException e) {
                String meant = e.meant() == null ? "" : ", perhaps " + text.charAt(0) + e.meant();
                throw new TypeConversionException("'" + text + "' " + e.problem() + meant);
            } catch (DateTimeException e) {
                throw new TypeConversionException("'" + text + "' is no time: write it " + FORMS);
            }
        }

        private static Instant instant(String text) {
            boolean hasZone = text.matches(".*T.*(Z|[+-][0-9:]+)");
            return hasZone
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDateTime.parse(text.contains("T") ? text : text + "T00:00")
                            .toInstant(ZoneOffset.UTC);
        }
    }
}
