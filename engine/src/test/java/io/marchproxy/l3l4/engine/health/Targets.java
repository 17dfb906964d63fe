package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.HealthSettings.Holds;
import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Backends to watch, with short times. */
final class Targets {
    static final Duration INTERVAL = Duration.ofMillis(20);

    private Targets() {}

    static ProbeTarget of(int backend, InetSocketAddress address, Probe protocol) {
        return of(backend, address, protocol, Question.NONE);
    }

    static ProbeTarget of(int backend, InetSocketAddress address, Probe protocol, Question question) {
        return of(backend, address, settings(protocol, question, Duration.ofSeconds(5)));
    }

    static ProbeTarget of(int backend, InetSocketAddress address, HealthSettings settings) {
        return new ProbeTarget(
                backend,
                0,
                "web/tcp/b" + backend,
                address,
                "backend.example",
                false,
                settings.protocol() != Probe.NONE,
                settings);
    }

    static HealthSettings settings(Probe protocol, Question question, Duration timeout) {
        HealthSettings usual = HealthSettings.DEFAULT_TCP;
        return new HealthSettings(
                protocol,
                INTERVAL,
                timeout,
                2,
                2,
                usual.window(),
                usual.maxLoss(),
                question,
                new Holds(Duration.ofMillis(10), Duration.ofMillis(50), Duration.ofMinutes(1)),
                usual.silence(),
                usual.onUnhealthy(),
                usual.drain());
    }

    /** TCP connects at leisure, for many backends at once. */
    static HealthSettings everySecond() {
        HealthSettings usual = HealthSettings.DEFAULT_TCP;
        return new HealthSettings(
                Probe.TCP,
                Duration.ofSeconds(1),
                Duration.ofSeconds(20),
                2,
                2,
                usual.window(),
                usual.maxLoss(),
                Question.NONE,
                usual.holds(),
                usual.silence(),
                usual.onUnhealthy(),
                usual.drain());
    }

    /** What TCP and UDP probes send and expect. */
    static Question question(String send, String expect) {
        Question none = Question.NONE;
        return new Question(0, send, expect, none.path(), none.host(), none.status(), none.verifyTls());
    }

    /** What HTTP probes ask and expect. */
    static Question http(String path, String expect, boolean verifyTls) {
        return new Question(0, "", expect, path, "", Question.NONE.status(), verifyTls);
    }
}
