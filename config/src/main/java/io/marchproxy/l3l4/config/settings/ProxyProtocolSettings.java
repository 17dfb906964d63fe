package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * The PROXY protocol (its specification: haproxy's proxy-protocol.txt).
 *
 * @param accept the version that clients must begin with
 * @param send the version that connections to backends begin with
 * @param headerTimeout by when a client's header must be complete
 */
public record ProxyProtocolSettings(Version accept, Version send, Duration headerTimeout) {
    /** A version, or none. */
    public enum Version {
        NONE,
        V1,
        V2
    }

    public static final ProxyProtocolSettings DEFAULT =
            new ProxyProtocolSettings(Version.NONE, Version.NONE, Duration.ofSeconds(3));

    public ProxyProtocolSettings {
        Ranges.check("proxy-protocol.header-timeout", headerTimeout, Duration.ofMillis(1), Duration.ofHours(1));
    }
}
