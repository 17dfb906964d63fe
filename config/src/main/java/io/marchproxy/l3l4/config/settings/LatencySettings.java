package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * Whether and how latencies are logged.
 *
 * @param interval that one line of a log stands for, 100 milliseconds to 1 hour
 * @param maxSizeBytes budget on disk for all shards together, 1 MB to 1 TB; the oldest files go first
 */
public record LatencySettings(boolean enabled, Duration interval, long maxSizeBytes) {
    public static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);
    public static final Duration LONGEST_INTERVAL = Duration.ofHours(1);
    public static final long SMALLEST_BYTES = 1_000_000;
    public static final long LARGEST_BYTES = 1_000_000_000_000L;

    public static final LatencySettings DEFAULT = new LatencySettings(false, Duration.ofSeconds(1), 100_000_000);

    public LatencySettings {
        Ranges.check("observability.latency.interval", interval, SHORTEST_INTERVAL, LONGEST_INTERVAL);
        if (maxSizeBytes < SMALLEST_BYTES || maxSizeBytes > LARGEST_BYTES) {
            throw new IllegalArgumentException("observability.latency.max-size is " + SMALLEST_BYTES + " to "
                    + LARGEST_BYTES + " bytes, not " + maxSizeBytes);
        }
    }
}
