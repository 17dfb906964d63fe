package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * How backends are probed.
 *
 * @param interval between the starts of two probes
 * @param timeout after which a probe has failed
 * @param unhealthyAfter failures in a row that take a backend out
 * @param healthyAfter successes in a row that bring it back
 * @param ejectFor how long a backend that nothing probes stays out after live traffic met an error
 */
public record HealthSettings(
        Probe protocol, Duration interval, Duration timeout, int unhealthyAfter, int healthyAfter, Duration ejectFor) {
    /** What a probe does. */
    public enum Probe {
        NONE,
        TCP
    }

    public static final HealthSettings DEFAULT_TCP =
            new HealthSettings(Probe.TCP, Duration.ofMillis(200), Duration.ofMillis(100), 2, 2, Duration.ofSeconds(5));

    public HealthSettings {
        Ranges.check("health.interval", interval, Duration.ofMillis(10), Duration.ofHours(1));
        Ranges.check("health.timeout", timeout, Duration.ofMillis(1), Duration.ofMinutes(10));
        Ranges.check("health.unhealthy-after", unhealthyAfter, 1, 1000);
        Ranges.check("health.healthy-after", healthyAfter, 1, 1000);
        Ranges.check("health.eject-for", ejectFor, Duration.ofMillis(1), Duration.ofDays(1));
    }

    public HealthSettings withProtocol(Probe other) {
        return new HealthSettings(other, interval, timeout, unhealthyAfter, healthyAfter, ejectFor);
    }
}
