package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * What is remembered of flows over a restart.
 *
 * @param interval between two times that a flow with traffic is written, 100 ms to 1 hour
 * @param maxAge after which a flow that was not seen is forgotten, 1 minute to 3,650 days
 */
public record FlowStateSettings(Mode mode, Duration interval, Duration maxAge) {
    public static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);
    public static final Duration LONGEST_INTERVAL = Duration.ofHours(1);
    public static final Duration SHORTEST_AGE = Duration.ofMinutes(1);
    public static final Duration LONGEST_AGE = Duration.ofDays(3650);

    /** Whether anything is remembered. */
    public enum Mode {
        OFF,
        /** Every flow, up to as many as the engine may have. */
        ON
    }

    public static final FlowStateSettings DEFAULT =
            new FlowStateSettings(Mode.OFF, Duration.ofSeconds(5), Duration.ofHours(1));

    public FlowStateSettings {
        Ranges.check("engine.flow-state.interval", interval, SHORTEST_INTERVAL, LONGEST_INTERVAL);
        Ranges.check("engine.flow-state.max-age", maxAge, SHORTEST_AGE, LONGEST_AGE);
    }
}
