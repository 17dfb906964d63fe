package io.marchproxy.l3l4.config.settings;

import java.time.Duration;

/**
 * How backends are probed, what takes them out and brings them back, and what becomes of their connections then.
 *
 * @param interval between the starts of two probes
 * @param timeout after which a probe has failed
 * @param unhealthyAfter failures in a row that take a backend out
 * @param healthyAfter successes in a row that bring it back
 * @param window probes that jitter and loss are reckoned over
 * @param maxLoss part of the window's probes that may fail; of more than that a backend is taken out
 * @param question what a probe asks, and what a sound backend answers
 * @param holds how long a backend stays out at the least
 * @param silence how long a backend that answers as a rule may leave traffic unanswered; zero for as long as it likes
 * @param onUnhealthy what becomes of TCP connections to a backend that is taken out
 * @param drain how long they have with {@link Connections#DRAIN}
 */
public record HealthSettings(
        Probe protocol,
        Duration interval,
        Duration timeout,
        int unhealthyAfter,
        int healthyAfter,
        int window,
        double maxLoss,
        Question question,
        Holds holds,
        Duration silence,
        Connections onUnhealthy,
        Duration drain) {
    /** What a probe does. */
    public enum Probe {
        NONE,
        TCP,
        UDP,
        HTTP,
        HTTPS,
        ICMP;

        /** Whether it speaks HTTP. */
        public boolean isHttp() {
            return this == HTTP || this == HTTPS;
        }

        /** Whether it needs somebody who listens on a TCP port. */
        public boolean isTcp() {
            return this == TCP || isHttp();
        }
    }

    /** What becomes of the TCP connections of a backend that is taken out. */
    public enum Connections {
        /** They go on for as long as they can. */
        LEAVE,
        /** They have a while to end by themselves, and are reset then. */
        DRAIN,
        /** They are reset at once. */
        RESET
    }

    /**
     * HTTP status codes.
     *
     * @param low the lowest
     * @param high the highest
     */
    public record StatusRange(int low, int high) {
        public StatusRange {
            Ranges.check("health.status", low, 100, 599);
            Ranges.check("health.status", high, low, 599);
        }

        /** Whether a code is among them. */
        public boolean holds(int code) {
            return code >= low && code <= high;
        }
    }

    /**
     * What a probe asks and expects.
     *
     * @param port that is probed; 0 for the backend's own
     * @param send what TCP and UDP probes send, each character a byte; may be empty for TCP
     * @param expect what has to stand in the answer (of HTTP: in its body), each character a byte; empty for anything
     * @param path of HTTP requests
     * @param host of HTTP requests, and the name that a certificate has to be for; empty for the backend's host
     * @param status of HTTP answers
     * @param verifyTls whether certificates are checked
     */
    public record Question(
            int port, String send, String expect, String path, String host, StatusRange status, boolean verifyTls) {
        /** Nothing asked but what the protocol itself does. */
        public static final Question NONE = new Question(0, "", "", "/", "", new StatusRange(200, 399), true);

        public Question {
            Ranges.check("health.port", port, 0, 65_535);
        }
    }

    /**
     * How long a backend stays out at the least; doubled with each time that it goes out soon again.
     *
     * @param probed when probes bring it back
     * @param unprobed when only time does
     * @param most the longest
     */
    public record Holds(Duration probed, Duration unprobed, Duration most) {
        /** A second, five seconds, a minute. */
        public static final Holds DEFAULT =
                new Holds(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofMinutes(1));

        public Holds {
            Ranges.check("health.hold", probed, Duration.ZERO, Duration.ofDays(1));
            Ranges.check("health.eject-for", unprobed, Duration.ofMillis(1), Duration.ofDays(1));
            Ranges.check("health.max-hold", most, Duration.ofMillis(1), Duration.ofDays(1));
        }
    }

    public static final HealthSettings DEFAULT_TCP = new HealthSettings(
            Probe.TCP,
            Duration.ofMillis(200),
            Duration.ofMillis(100),
            2,
            2,
            50,
            0.3,
            Question.NONE,
            Holds.DEFAULT,
            Duration.ofMillis(300),
            Connections.LEAVE,
            Duration.ofSeconds(30));

    public HealthSettings {
        Ranges.check("health.interval", interval, Duration.ofMillis(10), Duration.ofHours(1));
        Ranges.check("health.timeout", timeout, Duration.ofMillis(1), Duration.ofMinutes(10));
        Ranges.check("health.unhealthy-after", unhealthyAfter, 1, 1000);
        Ranges.check("health.healthy-after", healthyAfter, 1, 1000);
        Ranges.check("health.window", window, 10, 1000);
        if (!(maxLoss >= 0 && maxLoss <= 1)) {
            throw new IllegalArgumentException("health.max-loss must be from 0 to 1, not " + maxLoss);
        }
        Ranges.check("health.silence", silence, Duration.ZERO, Duration.ofHours(1));
        Ranges.check("health.drain", drain, Duration.ofMillis(1), Duration.ofDays(1));
    }

    /** The same with another way to probe. */
    public HealthSettings withProtocol(Probe other) {
        return new HealthSettings(
                other,
                interval,
                timeout,
                unhealthyAfter,
                healthyAfter,
                window,
                maxLoss,
                question,
                holds,
                silence,
                onUnhealthy,
                drain);
    }

    /** Whether a probe can tell a process that works from one whose kernel alone still answers. */
    public boolean asksTheProcess() {
        return protocol.isHttp()
                || protocol == Probe.UDP
                || (protocol == Probe.TCP && !question.expect().isEmpty());
    }
}
