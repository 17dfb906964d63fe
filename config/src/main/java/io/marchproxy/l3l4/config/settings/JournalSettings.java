package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * What is recorded of decisions, and how much of it is kept.
 *
 * @param maxSizeBytes budget on disk for all shards together, 16 MB to 1 PB; the oldest files go first
 * @param maxAge after which a file goes, 1 minute to 3,650 days
 * @param periodic between two records of a flow that lives, in the mode {@code flows}; 1 second to 1 day
 * @param snapBytes of each datagram that are recorded with it, in the mode {@code packets}; 0 for none of it, to 256
 */
public record JournalSettings(Mode mode, long maxSizeBytes, Duration maxAge, Duration periodic, int snapBytes) {
    /** The smallest budget: a few files for each of a few shards. */
    public static final long SMALLEST_BYTES = 16_000_000;

    public static final long LARGEST_BYTES = 1_000_000_000_000_000L;
    public static final Duration SHORTEST_AGE = Duration.ofMinutes(1);
    public static final Duration LONGEST_AGE = Duration.ofDays(3650);

    /** Room for every header that there is, and little of what follows. */
    public static final int LONGEST_SNAP_BYTES = 256;

    /** What is recorded. */
    public enum Mode {
        OFF,
        /** The begin and the end of each flow, and its counters now and then. */
        FLOWS,
        /** Every event with what was decided about it, so that all of it can be repeated. */
        PACKETS
    }

    public static final JournalSettings DEFAULT =
            new JournalSettings(Mode.OFF, 10_000_000_000L, Duration.ofDays(7), Duration.ofSeconds(60));

    public JournalSettings {
        if (maxSizeBytes < SMALLEST_BYTES || maxSizeBytes > LARGEST_BYTES) {
            throw new IllegalArgumentException("engine.journal.max-size is " + SMALLEST_BYTES + " to " + LARGEST_BYTES
                    + " bytes, not " + maxSizeBytes);
        }
        Ranges.check("engine.journal.max-age", maxAge, SHORTEST_AGE, LONGEST_AGE);
        Ranges.check("engine.journal.periodic", periodic, Duration.ofSeconds(1), Duration.ofDays(1));
        Ranges.check("engine.journal.snap", snapBytes, 0, LONGEST_SNAP_BYTES);
    }

    /** Settings of a journal without any payload. */
    public JournalSettings(Mode mode, long maxSizeBytes, Duration maxAge, Duration periodic) {
        this(mode, maxSizeBytes, maxAge, periodic, 0);
    }
}
