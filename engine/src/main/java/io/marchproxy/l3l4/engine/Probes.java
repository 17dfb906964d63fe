package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.engine.health.ProbeTarget;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import java.util.List;

/** What the health monitor is told of a configuration. */
final class Probes {
    private Probes() {}

    static List<ProbeTarget> of(CompiledSettings settings) {
        return settings.backends().stream().map(Probes::of).toList();
    }

    static ProbeTarget of(CompiledBackend backend) {
        CompiledService service = backend.service();
        HealthSettings settings = service.settings().health();
        boolean datagrams = service.protocol() == Protocol.UDP.number();
        return new ProbeTarget(
                backend.target().index(),
                service.id(),
                service.settings().name() + "/" + service.protocolLabel() + "/"
                        + backend.target().id(),
                backend.target().address(),
                backend.settings().host(),
                datagrams,
                isProbed(settings, datagrams),
                settings);
    }

    /** At a backend's own port a probe speaks its protocol; at one of its own, or to the host's kernel, it may be another. */
    private static boolean isProbed(HealthSettings settings, boolean datagrams) {
        return switch (settings.protocol()) {
            case NONE -> false;
            case ICMP -> true;
            case UDP -> datagrams || settings.question().port() > 0;
            case TCP, HTTP, HTTPS -> !datagrams || settings.question().port() > 0;
        };
    }
}
