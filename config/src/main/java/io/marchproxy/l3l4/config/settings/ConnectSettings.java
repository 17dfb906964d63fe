package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * How a TCP connection to a backend is made.
 *
 * @param timeout of one try
 * @param tries at the most, each on another backend while there is one; 1 switches retrying off
 * @param total time for all tries
 */
public record ConnectSettings(Duration timeout, int tries, Duration total) {
    public static final ConnectSettings DEFAULT = new ConnectSettings(Duration.ofSeconds(1), 3, Duration.ofSeconds(3));

    public ConnectSettings {
        Ranges.check("connect.timeout", timeout, Duration.ofMillis(1), Duration.ofHours(1));
        Ranges.check("connect.tries", tries, 1, 64);
        Ranges.check("connect.total", total, Duration.ofMillis(1), Duration.ofHours(1));
    }
}
