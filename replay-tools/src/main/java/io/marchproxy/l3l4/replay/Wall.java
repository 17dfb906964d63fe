package io.marchproxy.l3l4.replay;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Wall clock times as shown: ISO 8601, UTC, milliseconds. */
public final class Wall {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Wall() {}

    /** A moment, in milliseconds since 1970. */
    public static String time(long epochMs) {
        return FORMAT.format(Instant.ofEpochMilli(epochMs));
    }
}
