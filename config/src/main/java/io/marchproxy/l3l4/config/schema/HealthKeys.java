package io.marchproxy.l3l4.config.schema;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.value.HealthValues;
import io.marchproxy.l3l4.config.value.Values;
import java.time.Duration;
import java.util.List;

/** The keys of {@code services[].health}. */
public final class HealthKeys {
    private static final HealthSettings DEFAULT = HealthSettings.DEFAULT_TCP;

    public static final Key<HealthSettings.Probe> PROTOCOL = Key.open(
            "protocol",
            Values.word(HealthSettings.Probe.class),
            "tcp when the service has a tcp:// listener, else none",
            "What a probe does: a TCP connect (and what send and expect say), a UDP datagram and its answer, an HTTP request, one by"
                    + " TLS, an ICMP echo, or no probing.");
    public static final Key<Duration> INTERVAL = Key.of(
            "interval",
            Values.duration(Duration.ofMillis(10), Duration.ofHours(1)),
            DEFAULT.interval(),
            "Between the starts of two probes.");
    public static final Key<Duration> TIMEOUT = Key.of(
            "timeout",
            Values.duration(Duration.ofMillis(1), Duration.ofMinutes(10)),
            DEFAULT.timeout(),
            "After which a probe has failed.");
    public static final Key<Integer> UNHEALTHY_AFTER = Key.of(
            "unhealthy-after",
            Values.integer(1, 1000),
            DEFAULT.unhealthyAfter(),
            "Failures in a row that take a backend out.");
    public static final Key<Integer> HEALTHY_AFTER = Key.of(
            "healthy-after",
            Values.integer(1, 1000),
            DEFAULT.healthyAfter(),
            "Successes in a row that bring a backend back.");
    public static final Key<Integer> WINDOW =
            Key.of("window", Values.integer(10, 1000), DEFAULT.window(), "Probes that loss is reckoned over.");
    public static final Key<Double> MAX_LOSS = Key.of(
            "max-loss",
            Values.decimal(0, 1),
            DEFAULT.maxLoss(),
            "Part of the window's probes that may fail: more take a backend out, half of it lets it back; 1 for no such limit.");
    public static final Key<Integer> PORT =
            Key.open("port", Values.integer(1, 65_535), "the backend's own", "Port that is probed.");
    public static final Key<String> SEND =
            Key.of("send", HealthValues.BYTES, "", "What a TCP or UDP probe sends; UDP has to send something.");
    public static final Key<String> EXPECT = Key.of(
            "expect",
            HealthValues.BYTES,
            "",
            "What has to stand in the answer, of HTTP in its body; empty for anything.");
    public static final Key<String> HTTP_PATH =
            Key.of("path", HealthValues.URL_PATH, DEFAULT.question().path(), "Of HTTP probes.");
    public static final Key<String> HTTP_HOST = Key.open(
            "host",
            HealthValues.HOST_NAME,
            "the backend's",
            "Host that HTTP probes ask for, which the certificate has to be for.");
    public static final Key<HealthSettings.StatusRange> HTTP_STATUS =
            Key.of("status", HealthValues.STATUS, DEFAULT.question().status(), "Of answers to HTTP probes.");
    public static final Key<Boolean> VERIFY_TLS = Key.of(
            "verify-tls",
            Values.BOOLEAN,
            DEFAULT.question().verifyTls(),
            "Whether https probes check the certificate.");
    public static final Key<Duration> HOLD = Key.of(
            "hold",
            Values.duration(Duration.ZERO, Duration.ofDays(1)),
            DEFAULT.holds().probed(),
            "How long a backend stays out at the least that probes bring back; doubled each time that it goes out soon again.");
    public static final Key<Duration> EJECT_FOR = Key.of(
            "eject-for",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            DEFAULT.holds().unprobed(),
            "The same for a backend that no probe can clear: none asks it, or it was taken out for what a connect does not tell.");
    public static final Key<Duration> MAX_HOLD = Key.of(
            "max-hold",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            DEFAULT.holds().most(),
            "The longest that doubling makes of either; one that is longer itself stays as it is.");
    public static final Key<Duration> SILENCE = Key.of(
            "silence",
            Values.duration(Duration.ZERO, Duration.ofHours(1)),
            DEFAULT.silence(),
            "How long a backend that answers as a rule may leave all its traffic unanswered before it is taken out; 0 for as long"
                    + " as it likes.");
    public static final Key<HealthSettings.Connections> ON_UNHEALTHY = Key.of(
            "on-unhealthy",
            Values.word(HealthSettings.Connections.class),
            DEFAULT.onUnhealthy(),
            "What becomes of TCP connections to a backend that is taken out: they are left, have a while to end, or are reset.");
    public static final Key<Duration> DRAIN = Key.of(
            "drain",
            Values.duration(Duration.ofMillis(1), Duration.ofDays(1)),
            DEFAULT.drain(),
            "How long they have with on-unhealthy: drain, and those of a backend that is drained by command.");
    public static final Group HEALTH = new Group(
            "health",
            "How backends are probed, and what takes them out and brings them back: docs/HEALTH.md.",
            List.of(
                    PROTOCOL,
                    INTERVAL,
                    TIMEOUT,
                    UNHEALTHY_AFTER,
                    HEALTHY_AFTER,
                    WINDOW,
                    MAX_LOSS,
                    PORT,
                    SEND,
                    EXPECT,
                    HTTP_PATH,
                    HTTP_HOST,
                    HTTP_STATUS,
                    VERIFY_TLS,
                    HOLD,
                    EJECT_FOR,
                    MAX_HOLD,
                    SILENCE,
                    ON_UNHEALTHY,
                    DRAIN));

    private HealthKeys() {}
}
