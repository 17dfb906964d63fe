package io.marchproxy.l3l4.replay.flows;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Moments of flows as text: ISO 8601, UTC, microseconds. */
final class FlowTimes {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final long SECOND_US = 1_000_000;
    private static final long MICROSECOND_NS = 1_000;

    private FlowTimes() {}

    static String text(long us) {
        return FORMAT.format(
                Instant.ofEpochSecond(Math.floorDiv(us, SECOND_US), Math.floorMod(us, SECOND_US) * MICROSECOND_NS));
    }
}
